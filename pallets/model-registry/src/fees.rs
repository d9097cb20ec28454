//! The registration fee: ×1.1 with each registration, halving over time, between a floor and a
//! hundred times the floor. Pure integer arithmetic, rounded up, against the one who pays.

use inference_primitives::{Balance, BlockNumber};

/// The ceiling is the floor times this.
pub const CEILING: Balance = 100;

/// Steps into which a half-life is cut: within a step the decay is linear.
const STEPS: u32 = 8;
/// 2^(-1/8) in parts per 2^32, rounded up.
const STEP_FACTOR: Balance = 3_938_502_376;

/// The fee `blocks` after it stood at `fee`, planck.
///
/// It halves every `half_life` blocks: whole halvings by division, whole eighths of a half-life by
/// multiplication with 2^(-1/8), the rest linearly. Never below `floor`, and never above the
/// ceiling, which governance may have lowered since.
pub fn decayed(fee: Balance, blocks: BlockNumber, half_life: u32, floor: Balance) -> Balance {
	let half_life = half_life.max(1);
	let halvings = blocks / half_life;
	let rest = u64::from(blocks % half_life).saturating_mul(u64::from(STEPS));
	let half_life = u64::from(half_life);
	let mut fee = 1u128
		.checked_shl(halvings)
		.map_or(0, |divisor| fee.div_ceil(divisor));
	for _ in 0..rest / half_life {
		fee = step(fee);
	}
	// Linear between two steps. Saturating: a fee of 2^93 planck, 10^15 tokens, does not reach it.
	let drop = fee.saturating_sub(step(fee));
	let part = Balance::from(rest % half_life).saturating_mul(drop) / Balance::from(half_life);
	fee.saturating_sub(part).min(ceiling(floor)).max(floor)
}

/// The fee after one more registration at `fee`, planck: a tenth more, at most the ceiling.
pub fn raised(fee: Balance, floor: Balance) -> Balance {
	// Saturating: the ceiling bounds it.
	fee.saturating_add(fee.div_ceil(10))
		.min(ceiling(floor))
		.max(floor)
}

/// The greatest fee, planck. Saturates: a floor so high is its own ceiling.
fn ceiling(floor: Balance) -> Balance {
	floor.saturating_mul(CEILING)
}

/// `fee · 2^(-1/8)`, rounded up.
fn step(fee: Balance) -> Balance {
	fee.saturating_mul(STEP_FACTOR).div_ceil(1 << 32)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const FLOOR: Balance = 10_000_000_000_000;
	const HALF_LIFE: u32 = 14_400;

	#[test]
	fn a_registration_raises_the_fee_by_a_tenth() {
		assert_eq!(raised(FLOOR, FLOOR), FLOOR / 10 * 11);
	}

	#[test]
	fn the_fee_stops_at_the_ceiling() {
		let fee = (0..100).fold(FLOOR, |fee, _| raised(fee, FLOOR));
		assert_eq!(fee, FLOOR * CEILING);
	}

	#[test]
	fn the_fee_halves_over_a_half_life() {
		let fee = FLOOR * 64;
		assert_eq!(decayed(fee, HALF_LIFE, HALF_LIFE, FLOOR), FLOOR * 32);
		assert_eq!(decayed(fee, 3 * HALF_LIFE, HALF_LIFE, FLOOR), FLOOR * 8);
		let half_way = decayed(fee, HALF_LIFE / 2, HALF_LIFE, FLOOR);
		assert!((half_way as f64 / fee as f64 - core::f64::consts::FRAC_1_SQRT_2).abs() < 1e-6);
	}

	#[test]
	fn the_fee_never_falls_below_the_floor() {
		assert_eq!(decayed(FLOOR * 2, u32::MAX, HALF_LIFE, FLOOR), FLOOR);
		assert_eq!(decayed(0, 0, HALF_LIFE, FLOOR), FLOOR);
	}

	#[test]
	fn a_lowered_floor_lowers_the_ceiling_at_once() {
		assert_eq!(
			decayed(FLOOR * CEILING, 0, HALF_LIFE, FLOOR / 2),
			FLOOR * CEILING / 2
		);
	}

	#[test]
	fn a_half_life_of_zero_blocks_is_one_block() {
		assert_eq!(decayed(FLOOR * 4, 1, 0, FLOOR), FLOOR * 2);
	}

	proptest! {
		#[test]
		fn decay_is_exponential_up_to_a_thousandth(
			fee in FLOOR..FLOOR * CEILING,
			blocks in 0u32..100_000,
			half_life in 1u32..100_000,
		) {
			let exact = fee as f64 * (-f64::from(blocks) / f64::from(half_life)).exp2();
			let expected = exact.clamp(FLOOR as f64, (FLOOR * CEILING) as f64);
			let got = decayed(fee, blocks, half_life, FLOOR) as f64;
			prop_assert!((got / expected - 1.0).abs() < 1e-3, "{got} for {expected}");
		}

		#[test]
		fn the_fee_stays_between_floor_and_ceiling(
			floor in 1..Balance::MAX,
			blocks in proptest::collection::vec(0u32..50_000, 0..50),
		) {
			let mut fee = 0;
			for blocks in blocks {
				let due = decayed(fee, blocks, HALF_LIFE, floor);
				fee = raised(due, floor);
				for fee in [due, fee] {
					prop_assert!(fee >= floor && fee <= floor.saturating_mul(CEILING));
				}
				prop_assert!(fee >= due);
			}
		}

		#[test]
		fn decay_is_monotone_in_time(
			fee in FLOOR..FLOOR * CEILING,
			blocks in 0u32..200_000,
			more in 0u32..1_000,
		) {
			let sooner = decayed(fee, blocks, HALF_LIFE, FLOOR);
			let later = decayed(fee, blocks + more, HALF_LIFE, FLOOR);
			// One planck a step is lost to rounding up.
			prop_assert!(later <= sooner + 8);
			prop_assert!(sooner <= fee && later >= FLOOR);
		}
	}
}
