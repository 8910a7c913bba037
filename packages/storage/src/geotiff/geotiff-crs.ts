/**
 * Owns the coordinate reference system of GeoTIFFs: their GeoKeys in the words of CF's grid mappings. What takes a
 * register of thousands of systems to know (the name behind an EPSG code) is left to who has one: the code is given.
 */
import type { Attribute } from "../source.js";

type Keys = Readonly<Record<string, unknown>>;

/** "User-defined": what follows are parameters. */
const OWN = 32767;

/** Projections by GeoTIFF's number, with CF's name and its parameters' GeoKeys. */
const PROJECTIONS: Readonly<Record<number, readonly [name: string, parameters: Readonly<Record<string, string>>]>> = {
  1: ["transverse_mercator", { latitude_of_projection_origin: "ProjNatOriginLatGeoKey", longitude_of_central_meridian: "ProjNatOriginLongGeoKey", scale_factor_at_central_meridian: "ProjScaleAtNatOriginGeoKey" }],
  7: ["mercator", { longitude_of_projection_origin: "ProjNatOriginLongGeoKey", scale_factor_at_projection_origin: "ProjScaleAtNatOriginGeoKey", standard_parallel: "ProjStdParallel1GeoKey" }],
  8: ["lambert_conformal_conic", { latitude_of_projection_origin: "ProjFalseOriginLatGeoKey", longitude_of_central_meridian: "ProjFalseOriginLongGeoKey" }],
  9: ["lambert_conformal_conic", { latitude_of_projection_origin: "ProjNatOriginLatGeoKey", longitude_of_central_meridian: "ProjNatOriginLongGeoKey", standard_parallel: "ProjNatOriginLatGeoKey" }],
  10: ["lambert_azimuthal_equal_area", { latitude_of_projection_origin: "ProjCenterLatGeoKey", longitude_of_projection_origin: "ProjCenterLongGeoKey" }],
  11: ["albers_conical_equal_area", { latitude_of_projection_origin: "ProjNatOriginLatGeoKey", longitude_of_central_meridian: "ProjNatOriginLongGeoKey" }],
  12: ["azimuthal_equidistant", { latitude_of_projection_origin: "ProjCenterLatGeoKey", longitude_of_projection_origin: "ProjCenterLongGeoKey" }],
  14: ["stereographic", { latitude_of_projection_origin: "ProjCenterLatGeoKey", longitude_of_projection_origin: "ProjCenterLongGeoKey", scale_factor_at_projection_origin: "ProjScaleAtNatOriginGeoKey" }],
  15: ["polar_stereographic", { straight_vertical_longitude_from_pole: "ProjStraightVertPoleLongGeoKey", standard_parallel: "ProjNatOriginLatGeoKey", scale_factor_at_projection_origin: "ProjScaleAtNatOriginGeoKey" }],
  21: ["orthographic", { latitude_of_projection_origin: "ProjCenterLatGeoKey", longitude_of_projection_origin: "ProjCenterLongGeoKey" }],
  24: ["sinusoidal", { longitude_of_projection_origin: "ProjCenterLongGeoKey" }],
  28: ["lambert_cylindrical_equal_area", { longitude_of_central_meridian: "ProjNatOriginLongGeoKey", standard_parallel: "ProjStdParallel1GeoKey" }],
}; // prettier-ignore
const CONICS: ReadonlySet<number> = new Set([8, 11]);

/** Ellipsoids by their EPSG number: semi-major axis in metres, and inverse flattening. */
const ELLIPSOIDS: Readonly<Record<number, readonly [name: string, axis: number, flattening: number]>> = {
  7001: ["Airy 1830", 6377563.396, 299.3249646],
  7004: ["Bessel 1841", 6377397.155, 299.1528128],
  7008: ["Clarke 1866", 6378206.4, 294.978698213898],
  7012: ["Clarke 1880 (RGS)", 6378249.145, 293.465],
  7019: ["GRS 1980", 6378137, 298.257222101],
  7022: ["International 1924", 6378388, 297],
  7024: ["Krassowsky 1940", 6378245, 298.3],
  7030: ["WGS 84", 6378137, 298.257223563],
  7043: ["WGS 72", 6378135, 298.26],
};
/** Geographic systems by their EPSG number: name, and the number of their ellipsoid. */
const GEOGRAPHIC: Readonly<Record<number, readonly [name: string, ellipsoid: number]>> = {
  4258: ["ETRS89", 7019],
  4267: ["NAD27", 7008],
  4269: ["NAD83", 7019],
  4277: ["OSGB36", 7001],
  4283: ["GDA94", 7019],
  4314: ["DHDN", 7004],
  4322: ["WGS 72", 7043],
  4326: ["WGS 84", 7030],
  7844: ["GDA2020", 7019],
};

/** Attributes of a `spatial_ref` variable; none where the file says nothing. */
export function crsAttributes(keys: Keys): Record<string, Attribute> {
  const number = (key: string): number | undefined => {
    const value = Array.isArray(keys[key]) ? (keys[key] as unknown[])[0] : keys[key];
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  };
  const code = (key: string): number | undefined => {
    const value = number(key);
    return value !== undefined && value > 0 && value < OWN ? value : undefined;
  };
  const model = number("GTModelTypeGeoKey");
  const projected = code("ProjectedCSTypeGeoKey");
  const geographic = code("GeographicTypeGeoKey") ?? datumOf(projected);
  const epsg =
    model === 1 ? projected : model === 2 ? code("GeographicTypeGeoKey") : (projected ?? geographic);
  const out: Record<string, Attribute> = {};
  if (epsg !== undefined) out["spatial_ref"] = `EPSG:${epsg}`;
  const known = geographic === undefined ? undefined : GEOGRAPHIC[geographic];
  const ellipsoid = ELLIPSOIDS[code("GeogEllipsoidGeoKey") ?? known?.[1] ?? 0];
  const axis = number("GeogSemiMajorAxisGeoKey") ?? ellipsoid?.[1];
  const minor = number("GeogSemiMinorAxisGeoKey");
  const flattening = number("GeogInvFlatteningGeoKey") ?? (minor === undefined ? ellipsoid?.[2] : undefined);
  if (axis !== undefined) out["semi_major_axis"] = axis;
  if (minor !== undefined) out["semi_minor_axis"] = minor;
  else if (axis !== undefined && flattening)
    out["semi_minor_axis"] = flattening === 0 ? axis : axis * (1 - 1 / flattening);
  if (flattening !== undefined) out["inverse_flattening"] = flattening;
  if (ellipsoid) out["reference_ellipsoid_name"] = ellipsoid[0];
  if (axis !== undefined || known)
    out["longitude_of_prime_meridian"] = number("GeogPrimeMeridianLongGeoKey") ?? 0;
  if (known) out["geographic_crs_name"] = known[0];
  if (model === 2) out["grid_mapping_name"] = "latitude_longitude";
  else if (model === 1) Object.assign(out, projectionOf(number, projected));
  const citation = keys["GTCitationGeoKey"] ?? keys["PCSCitationGeoKey"] ?? keys["GeogCitationGeoKey"];
  const name = typeof citation === "string" ? citation.replace(/[\0|]+$/g, "").trim() : "";
  if (name !== "" && model === 1) out["projected_crs_name"] = name;
  return out;
}

/** The geographic system below some projected ones. */
function datumOf(projected: number | undefined): number | undefined {
  if (projected === undefined) return undefined;
  if (projected === 3857 || utmZone(projected)) return 4326;
  if (projected >= 25828 && projected <= 25838) return 4258;
  return projected === 3035 ? 4258 : undefined;
}

/** The zone of a system of UTM on WGS 84 or ETRS89. */
function utmZone(epsg: number): { readonly zone: number; readonly south: boolean } | undefined {
  if (epsg > 32600 && epsg <= 32660) return { zone: epsg - 32600, south: false };
  if (epsg > 32700 && epsg <= 32760) return { zone: epsg - 32700, south: true };
  return epsg >= 25828 && epsg <= 25838 ? { zone: epsg - 25800, south: false } : undefined;
}

function projectionOf(
  number: (key: string) => number | undefined,
  epsg: number | undefined,
): Record<string, Attribute> {
  const utm = epsg === undefined ? undefined : utmZone(epsg);
  if (utm)
    return {
      grid_mapping_name: "transverse_mercator",
      latitude_of_projection_origin: 0,
      longitude_of_central_meridian: utm.zone * 6 - 183,
      false_easting: 500000,
      false_northing: utm.south ? 1e7 : 0,
      scale_factor_at_central_meridian: 0.9996,
    };
  const method = number("ProjCoordTransGeoKey") ?? 0;
  const projection = PROJECTIONS[method];
  if (!projection) return {};
  const [name, parameters] = projection;
  const out: Record<string, Attribute> = { grid_mapping_name: name };
  for (const [attribute, key] of Object.entries(parameters)) {
    const value = number(key);
    if (value !== undefined) out[attribute] = value;
  }
  if (CONICS.has(method)) {
    const parallels = [number("ProjStdParallel1GeoKey"), number("ProjStdParallel2GeoKey")];
    out["standard_parallel"] = parallels.filter((one) => one !== undefined);
  }
  if (method === 15)
    out["latitude_of_projection_origin"] = (number("ProjNatOriginLatGeoKey") ?? 90) < 0 ? -90 : 90;
  out["false_easting"] = number("ProjFalseEastingGeoKey") ?? number("ProjFalseOriginEastingGeoKey") ?? 0;
  out["false_northing"] = number("ProjFalseNorthingGeoKey") ?? number("ProjFalseOriginNorthingGeoKey") ?? 0;
  return out;
}
