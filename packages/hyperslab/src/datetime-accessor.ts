/** Owns the façade of calendar fields: `da.dt.month`. */
import type { Labelled } from "./labelled.js";
import { timeFieldOf } from "./ops/time-fields.js";
import { type TimeField, asTimeField } from "./times.js";

/**
 * Calendar fields of an array of times, in whatever calendar. Times have to be in memory, as those of coordinates are.
 *
 * ```ts
 * da.coord("time").dt.season;
 * ```
 */
export class DatetimeAccessor<Self> {
  readonly #labelled: Labelled;
  readonly #wrap: (labelled: Labelled) => Self;

  constructor(labelled: Labelled, wrap: (labelled: Labelled) => Self) {
    this.#labelled = labelled;
    this.#wrap = wrap;
  }

  #field(field: TimeField): Self {
    return this.#wrap(timeFieldOf(this.#labelled, field));
  }

  /** Any field by name, in xarray's spelling too. `times.dt.field("days_in_month")` @throws ArgumentError */
  field(name: string): Self {
    return this.#field(asTimeField(name));
  }

  /** The year. `times.dt.year` */
  get year(): Self {
    return this.#field("year");
  }

  /** The quarter, 1 to 4. `times.dt.quarter` */
  get quarter(): Self {
    return this.#field("quarter");
  }

  /** The month, 1 to 12. `times.dt.month` */
  get month(): Self {
    return this.#field("month");
  }

  /** The day of the month, from 1. `times.dt.day` */
  get day(): Self {
    return this.#field("day");
  }

  /** The hour. `times.dt.hour` */
  get hour(): Self {
    return this.#field("hour");
  }

  /** The minute. `times.dt.minute` */
  get minute(): Self {
    return this.#field("minute");
  }

  /** The second. `times.dt.second` */
  get second(): Self {
    return this.#field("second");
  }

  /** Microseconds of the second. `times.dt.microsecond` */
  get microsecond(): Self {
    return this.#field("microsecond");
  }

  /** Nanoseconds of the microsecond. `times.dt.nanosecond` */
  get nanosecond(): Self {
    return this.#field("nanosecond");
  }

  /** The day of the year, from 1. `times.dt.dayofyear` */
  get dayofyear(): Self {
    return this.#field("dayofyear");
  }

  /** The day of the week; Monday is 0. `times.dt.dayofweek` */
  get dayofweek(): Self {
    return this.#field("dayofweek");
  }

  /** The same as dayofweek. `times.dt.weekday` */
  get weekday(): Self {
    return this.#field("dayofweek");
  }

  /** The week of ISO 8601. `times.dt.weekofyear` */
  get weekofyear(): Self {
    return this.#field("weekofyear");
  }

  /** DJF, MAM, JJA or SON. `times.dt.season` */
  get season(): Self {
    return this.#field("season");
  }

  /** Days of the month. `times.dt.daysInMonth` */
  get daysInMonth(): Self {
    return this.#field("daysInMonth");
  }

  /** Days of the year. `times.dt.daysInYear` */
  get daysInYear(): Self {
    return this.#field("daysInYear");
  }

  /** True in leap years. `times.dt.isLeapYear` */
  get isLeapYear(): Self {
    return this.#field("isLeapYear");
  }

  /** True on the first day of a month. `times.dt.isMonthStart` */
  get isMonthStart(): Self {
    return this.#field("isMonthStart");
  }

  /** True on the last day of a month. `times.dt.isMonthEnd` */
  get isMonthEnd(): Self {
    return this.#field("isMonthEnd");
  }

  /** True on the first day of a year. `times.dt.isYearStart` */
  get isYearStart(): Self {
    return this.#field("isYearStart");
  }

  /** True on the last day of a year. `times.dt.isYearEnd` */
  get isYearEnd(): Self {
    return this.#field("isYearEnd");
  }
}
