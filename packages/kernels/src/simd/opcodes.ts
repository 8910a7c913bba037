/** Owns the names and numbers of the WebAssembly instructions that generated kernels use. */

/** Instructions of SIMD (prefix 0xfd) on whole vectors, without immediates: result and arguments are v128. */
const VECTOR = {
  "i8x16.eq": 35,
  "i8x16.ne": 36,
  "i8x16.lt_s": 37,
  "i8x16.lt_u": 38,
  "i8x16.gt_s": 39,
  "i8x16.gt_u": 40,
  "i8x16.le_s": 41,
  "i8x16.le_u": 42,
  "i8x16.ge_s": 43,
  "i8x16.ge_u": 44,
  "i16x8.eq": 45,
  "i16x8.ne": 46,
  "i16x8.lt_s": 47,
  "i16x8.lt_u": 48,
  "i16x8.gt_s": 49,
  "i16x8.gt_u": 50,
  "i16x8.le_s": 51,
  "i16x8.le_u": 52,
  "i16x8.ge_s": 53,
  "i16x8.ge_u": 54,
  "i32x4.eq": 55,
  "i32x4.ne": 56,
  "i32x4.lt_s": 57,
  "i32x4.lt_u": 58,
  "i32x4.gt_s": 59,
  "i32x4.gt_u": 60,
  "i32x4.le_s": 61,
  "i32x4.le_u": 62,
  "i32x4.ge_s": 63,
  "i32x4.ge_u": 64,
  "f32x4.eq": 65,
  "f32x4.ne": 66,
  "f32x4.lt": 67,
  "f32x4.gt": 68,
  "f32x4.le": 69,
  "f32x4.ge": 70,
  "f64x2.eq": 71,
  "f64x2.ne": 72,
  "f64x2.lt": 73,
  "f64x2.gt": 74,
  "f64x2.le": 75,
  "f64x2.ge": 76,
  "v128.not": 77,
  "v128.and": 78,
  "v128.andnot": 79,
  "v128.or": 80,
  "v128.xor": 81,
  "v128.bitselect": 82,
  "f32x4.demote_f64x2_zero": 94,
  "f64x2.promote_low_f32x4": 95,
  "i8x16.abs": 96,
  "i8x16.neg": 97,
  "i8x16.narrow_i16x8_s": 101,
  "f32x4.ceil": 103,
  "f32x4.floor": 104,
  "f32x4.trunc": 105,
  "f32x4.nearest": 106,
  "i8x16.add": 110,
  "i8x16.sub": 113,
  "f64x2.ceil": 116,
  "f64x2.floor": 117,
  "i8x16.min_s": 118,
  "i8x16.min_u": 119,
  "i8x16.max_s": 120,
  "i8x16.max_u": 121,
  "f64x2.trunc": 122,
  "i16x8.abs": 128,
  "i16x8.neg": 129,
  "i16x8.narrow_i32x4_s": 133,
  "i16x8.extend_low_i8x16_s": 135,
  "i16x8.extend_low_i8x16_u": 137,
  "i16x8.add": 142,
  "i16x8.sub": 145,
  "f64x2.nearest": 148,
  "i16x8.mul": 149,
  "i16x8.min_s": 150,
  "i16x8.min_u": 151,
  "i16x8.max_s": 152,
  "i16x8.max_u": 153,
  "i32x4.abs": 160,
  "i32x4.neg": 161,
  "i32x4.extend_low_i16x8_s": 167,
  "i32x4.extend_high_i16x8_s": 168,
  "i32x4.extend_low_i16x8_u": 169,
  "i32x4.extend_high_i16x8_u": 170,
  "i32x4.add": 174,
  "i32x4.sub": 177,
  "i32x4.mul": 181,
  "i32x4.min_s": 182,
  "i32x4.min_u": 183,
  "i32x4.max_s": 184,
  "i32x4.max_u": 185,
  "i64x2.abs": 192,
  "i64x2.neg": 193,
  "i64x2.extend_low_i32x4_s": 199,
  "i64x2.extend_high_i32x4_s": 200,
  "i64x2.extend_low_i32x4_u": 201,
  "i64x2.extend_high_i32x4_u": 202,
  "i64x2.add": 206,
  "i64x2.sub": 209,
  "i64x2.mul": 213,
  "i64x2.eq": 214,
  "i64x2.ne": 215,
  "i64x2.lt_s": 216,
  "i64x2.gt_s": 217,
  "i64x2.le_s": 218,
  "i64x2.ge_s": 219,
  "f32x4.abs": 224,
  "f32x4.neg": 225,
  "f32x4.sqrt": 227,
  "f32x4.add": 228,
  "f32x4.sub": 229,
  "f32x4.mul": 230,
  "f32x4.div": 231,
  "f32x4.min": 232,
  "f32x4.max": 233,
  "f64x2.abs": 236,
  "f64x2.neg": 237,
  "f64x2.sqrt": 239,
  "f64x2.add": 240,
  "f64x2.sub": 241,
  "f64x2.mul": 242,
  "f64x2.div": 243,
  "f64x2.min": 244,
  "f64x2.max": 245,
  "f64x2.pmin": 246,
  "f64x2.pmax": 247,
  "i32x4.trunc_sat_f32x4_s": 248,
  "f32x4.convert_i32x4_s": 250,
  "f32x4.convert_i32x4_u": 251,
  "i32x4.trunc_sat_f64x2_s_zero": 252,
  "f64x2.convert_low_i32x4_s": 254,
  "f64x2.convert_low_i32x4_u": 255,
} as const;

/** SIMD shifts: a vector, and an i32 count from the stack. */
const SHIFT = {
  "i8x16.shl": 107,
  "i8x16.shr_s": 108,
  "i8x16.shr_u": 109,
  "i16x8.shl": 139,
  "i16x8.shr_s": 140,
  "i16x8.shr_u": 141,
  "i32x4.shl": 171,
  "i32x4.shr_s": 172,
  "i32x4.shr_u": 173,
  "i64x2.shl": 203,
  "i64x2.shr_s": 204,
  "i64x2.shr_u": 205,
} as const;

/** SIMD loads: an address and an offset. */
const LOAD = {
  "v128.load": 0,
  "v128.load8_splat": 7,
  "v128.load16_splat": 8,
  "v128.load32_splat": 9,
  "v128.load64_splat": 10,
  "v128.load32_zero": 92,
  "v128.load64_zero": 93,
} as const;

/** Lanes taken out and put back. */
const LANE = {
  "i32x4.extract_lane": 27,
  "i64x2.extract_lane": 29,
  "i64x2.replace_lane": 30,
  "f32x4.replace_lane": 32,
  "f64x2.extract_lane": 33,
  "f64x2.replace_lane": 34,
} as const;

/** Instructions of one byte (or after 0xfc) on scalars. */
const SCALAR = {
  select: [0x1b],
  "i32.eqz": [0x45],
  "i32.lt_u": [0x49],
  "i64.eqz": [0x50],
  "i64.eq": [0x51],
  "i64.ne": [0x52],
  "i64.lt_s": [0x53],
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.and": [0x71],
  "i32.shl": [0x74],
  "i32.shr_u": [0x76],
  "i64.add": [0x7c],
  "i64.sub": [0x7d],
  "i64.mul": [0x7e],
  "i64.div_s": [0x7f],
  "i64.div_u": [0x80],
  "i64.rem_s": [0x81],
  "i64.rem_u": [0x82],
  "i64.and": [0x83],
  "i64.xor": [0x85],
  "i64.shl": [0x86],
  "i64.shr_s": [0x87],
  "i64.shr_u": [0x88],
  "i64.lt_u": [0x54],
  "f32.convert_i64_s": [0xb4],
  "f32.convert_i64_u": [0xb5],
  "f64.convert_i64_s": [0xb9],
  "f64.convert_i64_u": [0xba],
  "f64.ge": [0x66],
  "f64.lt": [0x63],
  "f64.mul": [0xa2],
  "f64.sub": [0xa1],
  "i64.trunc_sat_f64_s": [0xfc, 6],
} as const;

export type VectorOp = keyof typeof VECTOR;
export type ShiftOp = keyof typeof SHIFT;
export type LoadOp = keyof typeof LOAD;
export type LaneOp = keyof typeof LANE;
export type ScalarInstruction = keyof typeof SCALAR;

export function vectorOpcode(op: VectorOp): number {
  return VECTOR[op];
}
export function shiftOpcode(op: ShiftOp): number {
  return SHIFT[op];
}
export function loadOpcode(op: LoadOp): number {
  return LOAD[op];
}
export function laneOpcode(op: LaneOp): number {
  return LANE[op];
}
export function scalarOpcode(op: ScalarInstruction): readonly number[] {
  return SCALAR[op];
}

/** How many vectors an instruction takes. */
export function isVectorOp(name: string): name is VectorOp {
  return name in VECTOR;
}
