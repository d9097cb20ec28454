//! Bounds on plans and proofs. A plan that exceeds one is refused when it is decoded, before
//! anything of that size is allocated.

/// Most bytes of an encoded plan: what the chain stores per verifying key.
pub const MAX_PLAN_BYTES: u32 = inference_primitives::MAX_VK_BYTES;
/// Most bytes of a proof: what fits an extrinsic with room for the rest.
pub const MAX_PROOF_BYTES: u32 = inference_primitives::MAX_PROOF_BYTES;
/// Most public inputs.
pub const MAX_PUBLIC_INPUTS: u32 = inference_primitives::MAX_PUBLIC_INPUTS;
/// Binary logarithm of the most rows: beyond it no public setup of practical size exists, and
/// 2^24 rows times [`MAX_DEGREE`] stays within the field's 2^28 roots of unity.
pub const MAX_K: u8 = 24;
/// Highest degree of the constraint system. Circuits here use 5 (halo2's default); each degree
/// adds a commitment to the proof.
pub const MAX_DEGREE: u8 = 17;
/// Last phase: halo2 has three, counted from 0.
pub const MAX_PHASE: u8 = 2;
/// Most challenges of multi-phase circuits.
pub const MAX_CHALLENGES: u32 = 32;
/// Most columns of a kind: as many commitments as fill half a plan.
pub const MAX_COLUMNS: u32 = 1024;
/// Most queries of a kind of column: as many evaluations as fill half a proof.
pub const MAX_QUERIES: u32 = 1024;
/// Most instance columns.
pub const MAX_INSTANCE_COLUMNS: u32 = 8;
/// Most queries of instance columns: each costs a product per public input.
pub const MAX_INSTANCE_QUERIES: u32 = 8;
/// Largest distance of a query from the current row. Lagrange polynomials are computed for each
/// row within it, so it bounds work.
pub const MAX_ROTATION: i16 = 1024;
/// Most distinct rotations: interpolation is quadratic in those of one column.
pub const MAX_POINTS: u32 = 32;
/// Most rotation sets: one for each set of rotations that some column has.
pub const MAX_ROTATION_SETS: u32 = 64;
/// Most distinct constants of the program: as many as fill half a plan.
pub const MAX_CONSTANTS: u32 = 2048;
/// Most instructions of the program.
pub const MAX_INSTRUCTIONS: u32 = 65_536;
/// Deepest stack of the program. Encoders put the deeper operand first, so a constraint of 2^n
/// terms needs n + 1.
pub const MAX_STACK: usize = 32;
/// Most values that the program keeps for later use.
pub const MAX_LOCALS: usize = 8192;
/// Most constraints of the gates.
pub const MAX_GATES: u32 = 4096;
/// Most lookup arguments.
pub const MAX_LOOKUPS: u32 = 128;
/// Most expressions in one row of a lookup.
pub const MAX_LOOKUP_WIDTH: u32 = 32;
/// Most tuples that one lookup looks up in each row.
pub const MAX_LOOKUP_INPUTS: u32 = 128;
/// Most limbs of an accumulator's coordinate.
pub const MAX_LIMBS: u32 = 8;
/// Most bits of an accumulator's limb.
pub const MAX_LIMB_BITS: u32 = 128;
