//! The digits of the exponents of [`crate::pairing`], calculated when this compiles.
#![allow(
	clippy::arithmetic_side_effects,
	clippy::as_conversions,
	clippy::indexing_slicing,
	reason = "constants: whatever goes wrong stops the compiler"
)]

/// The parameter of the curve.
const X: u64 = 4965661367192848881;

/// The digits of 6x + 2 after the leading one, the most significant first.
pub const LOOP: [i8; 64] = loop_digits();

/// Bits of [`X`].
const X_LENGTH: usize = 63;

/// The digits of x in {0, ±1, ±3, ±5, ±7}, no two non-zero ones within four, the most significant
/// first.
pub const X_DIGITS: [i8; X_LENGTH] = x_digits();

const fn loop_digits() -> [i8; 64] {
	let digits = <crate::Config as ark_ec::bn::BnConfig>::ATE_LOOP_COUNT;
	assert!(digits.len() == 65 && digits[64] == 1);
	let mut result = [0i8; 64];
	let mut i = 0;
	while i < 64 {
		result[i] = digits[63 - i];
		i += 1;
	}
	result
}

/// A line per digit, one more per digit that is not zero, and two at the end.
pub const fn count_lines() -> usize {
	let mut count = 2 + LOOP.len();
	let mut i = 0;
	while i < LOOP.len() {
		if LOOP[i] != 0 {
			count += 1;
		}
		i += 1;
	}
	count
}

const fn x_digits() -> [i8; X_LENGTH] {
	let mut digits = [0i8; X_LENGTH];
	let mut x = X;
	let mut i = 0;
	while i < X_LENGTH {
		if x & 1 == 1 {
			let mut digit = (x & 15) as i8;
			if digit >= 8 {
				digit -= 16;
				x += 16;
			}
			x -= (digit & 15) as u64;
			digits[X_LENGTH - 1 - i] = digit;
		}
		x >>= 1;
		i += 1;
	}
	assert!(x == 0, "the digits are too few");
	digits
}
