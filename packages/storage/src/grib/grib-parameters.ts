/** Owns the names of the commonest GRIB parameters, as cfgrib gives them; the tables of the format have thousands. */

export interface GribParameter {
  readonly name: string;
  readonly longName: string;
  readonly units: string;
}

/** By `table.number` (edition 1: ECMWF's table 128, WMO's tables 2 and 3) and `discipline.category.number` (edition 2). */
const PARAMETERS: Readonly<Record<string, readonly [name: string, longName: string, units: string]>> = {
  "128.31": ["siconc", "Sea ice area fraction", "(0 - 1)"],
  "128.34": ["sst", "Sea surface temperature", "K"],
  "128.39": ["swvl1", "Volumetric soil water layer 1", "m**3 m**-3"],
  "128.59": ["cape", "Convective available potential energy", "J kg**-1"],
  "128.129": ["z", "Geopotential", "m**2 s**-2"],
  "128.130": ["t", "Temperature", "K"],
  "128.131": ["u", "U component of wind", "m s**-1"],
  "128.132": ["v", "V component of wind", "m s**-1"],
  "128.133": ["q", "Specific humidity", "kg kg**-1"],
  "128.134": ["sp", "Surface pressure", "Pa"],
  "128.135": ["w", "Vertical velocity", "Pa s**-1"],
  "128.136": ["tcw", "Total column water", "kg m**-2"],
  "128.137": ["tcwv", "Total column vertically-integrated water vapour", "kg m**-2"],
  "128.139": ["stl1", "Soil temperature level 1", "K"],
  "128.141": ["sd", "Snow depth", "m of water equivalent"],
  "128.142": ["lsp", "Large-scale precipitation", "m"],
  "128.143": ["cp", "Convective precipitation", "m"],
  "128.144": ["sf", "Snowfall", "m of water equivalent"],
  "128.146": ["sshf", "Surface sensible heat flux", "J m**-2"],
  "128.147": ["slhf", "Surface latent heat flux", "J m**-2"],
  "128.151": ["msl", "Mean sea level pressure", "Pa"],
  "128.157": ["r", "Relative humidity", "%"],
  "128.164": ["tcc", "Total cloud cover", "(0 - 1)"],
  "128.165": ["u10", "10 metre U wind component", "m s**-1"],
  "128.166": ["v10", "10 metre V wind component", "m s**-1"],
  "128.167": ["t2m", "2 metre temperature", "K"],
  "128.168": ["d2m", "2 metre dewpoint temperature", "K"],
  "128.169": ["ssrd", "Surface short-wave (solar) radiation downwards", "J m**-2"],
  "128.172": ["lsm", "Land-sea mask", "(0 - 1)"],
  "128.175": ["strd", "Surface long-wave (thermal) radiation downwards", "J m**-2"],
  "128.176": ["ssr", "Surface net short-wave (solar) radiation", "J m**-2"],
  "128.177": ["str", "Surface net long-wave (thermal) radiation", "J m**-2"],
  "128.228": ["tp", "Total precipitation", "m"],
  "0.0.0": ["t", "Temperature", "K"],
  "0.1.0": ["q", "Specific humidity", "kg kg**-1"],
  "0.1.1": ["r", "Relative humidity", "%"],
  "0.2.2": ["u", "U component of wind", "m s**-1"],
  "0.2.3": ["v", "V component of wind", "m s**-1"],
  "0.2.8": ["w", "Vertical velocity", "Pa s**-1"],
  "0.3.0": ["sp", "Surface pressure", "Pa"],
  "0.3.1": ["prmsl", "Pressure reduced to MSL", "Pa"],
  "0.3.4": ["z", "Geopotential", "m**2 s**-2"],
  "0.3.5": ["gh", "Geopotential height", "gpm"],
  "2.0.0": ["lsm", "Land-sea mask", "(0 - 1)"],
};

/** Those of edition 2 that have a name of their own near the ground: by metres above it. */
const NEAR_GROUND: Readonly<Record<string, readonly [name: string, longName: string, units: string]>> = {
  "0.0.0@2": ["t2m", "2 metre temperature", "K"],
  "0.0.6@2": ["d2m", "2 metre dewpoint temperature", "K"],
  "0.2.2@10": ["u10", "10 metre U wind component", "m s**-1"],
  "0.2.3@10": ["v10", "10 metre V wind component", "m s**-1"],
};

/** The name of a parameter at a level; one that isn't in the table is named after its numbers. */
export function parameterNamed(parameter: string, levelType: string, level: number): GribParameter {
  const near = levelType === "heightAboveGround" ? NEAR_GROUND[`${parameter}@${level}`] : undefined;
  const found = near ?? (Object.hasOwn(PARAMETERS, parameter) ? PARAMETERS[parameter] : undefined);
  if (!found) {
    const name = `parameter_${parameter.replaceAll(".", "_")}`;
    return { name, longName: `GRIB parameter ${parameter}`, units: "unknown" };
  }
  const [name, longName, units] = found;
  return { name, longName, units };
}
