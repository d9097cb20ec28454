//! Deferred KZG checks among the public inputs: what a circuit that verifies proofs leaves to its
//! own verifier.

use crate::{
	encoding::scalar_to_bytes, plan::limit_usize, plan::AccumulatorLayout,
	verification::VerifyError, Scalar,
};
use ark_ec::AffineRepr;
use ark_ff::PrimeField;
use inference_bn254::{Fq, G1Affine};

/// Two points that claim `e(left, G2) = e(right, [s]G2)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Accumulator {
	pub left: G1Affine,
	pub right: G1Affine,
}

impl Accumulator {
	/// Reads an accumulator off the public inputs. Each limb must be below 2^bits and each
	/// coordinate below the modulus, so that a pair of points has one encoding.
	pub(crate) fn read(
		layout: &AccumulatorLayout,
		public_inputs: &[Scalar],
	) -> Result<Self, VerifyError> {
		let limbs = usize::from(layout.limbs);
		let mut index = limit_usize(layout.offset);
		let mut coordinate = |point: usize| -> Result<Fq, VerifyError> {
			let mut value = Wide::default();
			for limb in 0..limbs {
				let shift =
					u32::from(layout.bits).saturating_mul(u32::try_from(limb).unwrap_or(u32::MAX));
				let scalar = public_inputs.get(index).ok_or(VerifyError::Internal)?;
				if !value.add_shifted(scalar, layout.bits, shift) {
					return Err(VerifyError::AccumulatorLimb { index });
				}
				index = index.saturating_add(1);
			}
			value
				.coordinate()
				.ok_or(VerifyError::AccumulatorPoint { index: point })
		};
		let mut point = |index: usize| {
			let (x, y) = (coordinate(index)?, coordinate(index)?);
			let point = G1Affine::new_unchecked(x, y);
			if point.is_zero() || !point.is_on_curve() {
				return Err(VerifyError::AccumulatorPoint { index });
			}
			Ok(point)
		};
		Ok(Self {
			left: point(0)?,
			right: point(1)?,
		})
	}
}

/// An integer of 320 bits: as many as a plan's limbs may have.
#[derive(Default)]
struct Wide([u64; 5]);

impl Wide {
	/// Adds `scalar · 2^shift`. False if the scalar has more than `bits` bits. Limbs do not
	/// overlap, so nothing carries.
	fn add_shifted(&mut self, scalar: &Scalar, bits: u8, shift: u32) -> bool {
		let bytes = scalar_to_bytes(scalar);
		let mut words = bytes.chunks(16).map(|chunk| {
			let (chunk, _) = chunk.as_chunks::<16>();
			chunk.first().map_or(0, |bytes| u128::from_le_bytes(*bytes))
		});
		let (low, high) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
		let over = if bits < 128 { low >> bits } else { 0 };
		if high != 0 || over != 0 {
			return false;
		}
		for bit in 0..u32::from(bits) {
			if low >> bit & 1 == 1 {
				let position = shift.saturating_add(bit);
				let word = usize::try_from(position / 64).unwrap_or(usize::MAX);
				match self.0.get_mut(word) {
					Some(word) => *word |= 1u64 << (position % 64),
					None => return false,
				}
			}
		}
		true
	}

	/// The coordinate; `None` if it is not below the modulus.
	fn coordinate(&self) -> Option<Fq> {
		let [a, b, c, d, 0] = self.0 else {
			return None;
		};
		Fq::from_bigint(ark_ff::BigInt([a, b, c, d]))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use ark_ff::{AdditiveGroup, BigInteger, Field};

	/// The limbs of a point's coordinates.
	fn limbs(point: &G1Affine, limbs: u32, bits: u32) -> Vec<Scalar> {
		let (x, y) = point.xy().unwrap();
		let split = |coordinate: Fq| -> Vec<Scalar> {
			let all = coordinate.into_bigint().to_bits_le();
			(0..limbs)
				.map(|limb| {
					let from = (limb * bits) as usize;
					let to = (from + bits as usize).min(256).max(from.min(256));
					all[from.min(256)..to]
						.iter()
						.rev()
						.fold(Scalar::ZERO, |acc, bit| {
							acc.double() + if *bit { Scalar::ONE } else { Scalar::ZERO }
						})
				})
				.collect()
		};
		[split(x), split(y)].concat()
	}

	#[test]
	fn accumulators_are_read_from_their_limbs() {
		let left = G1Affine::generator();
		let right = (left * Scalar::from(77u8)).into();
		for (number, bits) in [(4, 68), (3, 88), (2, 128), (5, 64)] {
			let layout = AccumulatorLayout {
				offset: 1,
				limbs: number,
				bits,
			};
			let of = |p: &G1Affine| limbs(p, u32::from(number), u32::from(bits));
			let inputs = [vec![Scalar::from(5u8)], of(&left), of(&right)].concat();
			assert_eq!(
				Accumulator::read(&layout, &inputs),
				Ok(Accumulator { left, right })
			);
			for index in 1..inputs.len() {
				let mut bad = inputs.clone();
				bad[index] += Scalar::ONE;
				assert!(Accumulator::read(&layout, &bad).is_err(), "{index}");
				bad[index] = -Scalar::ONE;
				assert_eq!(
					Accumulator::read(&layout, &bad),
					Err(VerifyError::AccumulatorLimb { index })
				);
			}
			let mut bad = inputs.clone();
			bad[1 + usize::from(number)] += Scalar::ONE;
			assert_eq!(
				Accumulator::read(&layout, &bad),
				Err(VerifyError::AccumulatorPoint { index: 0 })
			);
			bad[1..].fill(Scalar::ZERO);
			assert_eq!(
				Accumulator::read(&layout, &bad),
				Err(VerifyError::AccumulatorPoint { index: 0 })
			);
		}
	}

	#[test]
	fn coordinates_at_or_above_the_modulus_are_refused() {
		let layout = AccumulatorLayout {
			offset: 0,
			limbs: 4,
			bits: 64,
		};
		// The generator (1, 2) with x + p.
		let mut x = Fq::MODULUS;
		x.add_with_carry(&1u64.into());
		let x = x.0.map(Scalar::from);
		let rest = [2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0u64].map(Scalar::from);
		let inputs = [x.as_slice(), &rest].concat();
		assert_eq!(
			Accumulator::read(&layout, &inputs),
			Err(VerifyError::AccumulatorPoint { index: 0 })
		);
	}
}
