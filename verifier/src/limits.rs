//! Bounds on plans and proofs. A plan that exceeds one is refused when it is decoded, before
//! anything of that size is allocated.

/// Most bytes of an encoded plan: what the chain stores per verifying key.
pub const MAX_PLAN_BYTES: u32 = inference_primitives::MAX_VK_BYTES;
/// Most bytes of a proof: what fits an extrinsic with room for the rest.
pub const MAX_PROOF_BYTES: u32 = inference_primitives::MAX_PROOF_BYTES;
/// Most public inputs.
pub const MAX_PUBLIC_INPUTS: u32 = inference_primitives::MAX_PUBLIC_INPUTS;
/// Binary logarithm of the most rows: beyond it no public setup of practical size exists.
pub const MAX_K: u8 = 24;
/// Highest degree of the constraint system, if its rows leave room for it: see [`MAX_EXTENDED_K`].
///
/// Circuits of ours have 3 to 9. EZKL's have `num_inner_cols` + 2; the most that its wheel 23.0.5
/// writes a key for is 38 (`tests/ezkl/LAYOUT.md`): beyond that a key's addresses need more than
/// their 16 bits. Each degree adds a commitment to the proof, which weights and
/// [`MAX_PROOF_BYTES`] count, so the number itself bounds nothing that they do not.
pub const MAX_DEGREE: u8 = 64;
/// Binary logarithm of the largest extended domain, the least power of two of at least
/// (degree − 1) · 2^k points, on which halo2 computes the quotient: the field has no more roots of
/// unity. 2^24 rows can have degree 17, 2^22 any.
pub const MAX_EXTENDED_K: u8 = 28;
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
/// Most rotation sets: one for each set of rotations that some column has. Interpolation costs up
/// to [`MAX_POINTS`] products a set. Circuits of ours and EZKL's have 4 to 6.
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
