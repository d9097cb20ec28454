//! The multiplicative subgroup of 2^k elements, and Fourier transforms over it and its cosets.

use halo2curves::{
	bn256::Fr,
	ff::{Field, PrimeField},
};

/// The subgroup H = {1, ω, ω², …} of n = 2^k elements.
#[derive(Clone, Debug)]
pub(crate) struct Domain {
	k: u32,
	omega: Fr,
	/// 1 / n.
	size_inverse: Fr,
	/// Powers of the roots of unity of order 2, 4, 8, …, n, one after the other: stage m of a
	/// transform reads m of them from position m − 1.
	twiddles: Vec<Fr>,
}

impl Domain {
	/// The domain of 2^`k` elements; `None` if the field has none.
	pub(crate) fn new(k: u32) -> Option<Self> {
		if k > Fr::S {
			return None;
		}
		let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
		let mut twiddles = Vec::with_capacity((1 << k) - 1);
		let mut roots: Vec<Fr> = (0..k)
			.scan(omega, |root, _| {
				let this = *root;
				*root = root.square();
				Some(this)
			})
			.collect();
		roots.reverse();
		for (stage, root) in roots.into_iter().enumerate() {
			twiddles.extend(powers(root).take(1 << stage));
		}
		Some(Self {
			k,
			omega,
			size_inverse: Fr::from(1 << k).invert().unwrap_or(Fr::ONE),
			twiddles,
		})
	}

	/// Number of elements.
	pub(crate) fn size(&self) -> usize {
		1 << self.k
	}

	/// Its generator.
	pub(crate) fn omega(&self) -> Fr {
		self.omega
	}

	/// 1 / n.
	pub(crate) fn size_inverse(&self) -> Fr {
		self.size_inverse
	}

	/// What the stage of a transform that joins blocks of `half` elements multiplies by.
	pub(crate) fn twiddles(&self, half: usize) -> &[Fr] {
		let range = half - 1..2 * half - 1;
		self.twiddles.get(range).unwrap_or_default()
	}

	/// ω^`rotation`.
	pub(crate) fn rotation(&self, rotation: i64) -> Fr {
		let index = rotation.rem_euclid(1 << self.k);
		self.omega.pow_vartime([index.unsigned_abs()])
	}

	/// Coefficients (n of them) to values on H, in place.
	pub(crate) fn to_values(&self, values: &mut [Fr]) {
		self.reverse_bits(values);
		self.butterflies(values);
	}

	/// Coefficients, the i-th multiplied by `scale[i]`, to values: on the coset g·H if the scale is
	/// the powers of g.
	pub(crate) fn to_coset(&self, coefficients: &[Fr], scale: &[Fr]) -> Vec<Fr> {
		let mut values = vec![Fr::ZERO; self.size()];
		for (i, (c, s)) in coefficients.iter().zip(scale).enumerate() {
			if let Some(to) = values.get_mut(self.reversed(i)) {
				*to = *c * s;
			}
		}
		self.butterflies(&mut values);
		values
	}

	/// Values on H to coefficients, in place.
	pub(crate) fn to_coefficients(&self, values: &mut [Fr]) {
		self.to_values(values);
		if let Some(rest) = values.get_mut(1..) {
			rest.reverse();
		}
		for value in values {
			*value *= self.size_inverse;
		}
	}

	/// The number whose k binary digits are those of `index` in opposite order.
	pub(crate) fn reversed(&self, index: usize) -> usize {
		if self.k == 0 {
			0
		} else {
			index.reverse_bits() >> (usize::BITS - self.k)
		}
	}

	fn reverse_bits(&self, values: &mut [Fr]) {
		for i in 0..values.len() {
			let j = self.reversed(i);
			if i < j {
				values.swap(i, j);
			}
		}
	}

	/// Decimation in time, from bit-reversed order.
	fn butterflies(&self, values: &mut [Fr]) {
		let mut half = 1;
		while half < values.len() {
			let twiddles = self.twiddles(half);
			for block in values.chunks_exact_mut(2 * half) {
				let (low, high) = block.split_at_mut(half);
				if half == 1 {
					// The only twiddle is 1.
					if let ([a], [b]) = (low, high) {
						(*a, *b) = (*a + *b, *a - *b);
					}
					continue;
				}
				for ((a, b), twiddle) in low.iter_mut().zip(high).zip(twiddles) {
					let product = *b * twiddle;
					(*a, *b) = (*a + product, *a - product);
				}
			}
			half *= 2;
		}
	}
}

/// 1, x, x², …
pub(crate) fn powers(x: Fr) -> impl Iterator<Item = Fr> {
	std::iter::successors(Some(Fr::ONE), move |power| Some(*power * x))
}

/// The polynomial's value at x, by four interleaved Horner chains.
pub(crate) fn evaluate(coefficients: &[Fr], x: Fr) -> Fr {
	let square = x.square();
	let fourth = square.square();
	let mut sums = [Fr::ZERO; 4];
	let (chunks, rest) = coefficients.as_chunks::<4>();
	for (sum, c) in sums.iter_mut().zip(rest) {
		*sum = *c;
	}
	for chunk in chunks.iter().rev() {
		for (sum, c) in sums.iter_mut().zip(chunk) {
			*sum = *sum * fourth + c;
		}
	}
	let [a, b, c, d] = sums;
	a + b * x + (c + d * x) * square
}

/// Replaces each value by its inverse; zero stays zero.
pub(crate) fn invert_all(values: &mut [Fr]) {
	let mut products = Vec::with_capacity(values.len());
	let mut product = Fr::ONE;
	for value in values.iter() {
		products.push(product);
		if *value != Fr::ZERO {
			product *= value;
		}
	}
	let mut inverse = product.invert().unwrap_or(Fr::ONE);
	for (value, before) in values.iter_mut().zip(products).rev() {
		if *value != Fr::ZERO {
			let this = inverse * before;
			inverse *= *value;
			*value = this;
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use rand::SeedableRng;
	use rand_chacha::ChaCha20Rng;

	fn random(n: usize, seed: u64) -> Vec<Fr> {
		let mut rng = ChaCha20Rng::seed_from_u64(seed);
		(0..n).map(|_| Fr::random(&mut rng)).collect()
	}

	fn horner(coefficients: &[Fr], x: Fr) -> Fr {
		coefficients
			.iter()
			.rev()
			.fold(Fr::ZERO, |sum, c| sum * x + c)
	}

	proptest! {
		#[test]
		fn a_transform_evaluates_at_the_domain(k in 0u32..7, seed: u64) {
			let domain = Domain::new(k).unwrap();
			let coefficients = random(domain.size(), seed);
			let mut values = coefficients.clone();
			domain.to_values(&mut values);
			for (i, value) in values.iter().enumerate() {
				prop_assert_eq!(*value, horner(&coefficients, domain.rotation(i as i64)));
			}
			domain.to_coefficients(&mut values);
			prop_assert_eq!(&values, &coefficients);

			let g = Fr::from(7);
			let scale: Vec<Fr> = powers(g).take(domain.size()).collect();
			for (i, value) in domain.to_coset(&coefficients, &scale).iter().enumerate() {
				prop_assert_eq!(*value, horner(&coefficients, g * domain.rotation(i as i64)));
			}
		}

		#[test]
		fn evaluation_is_horner_s(n in 0usize..23, seed: u64) {
			let coefficients = random(n, seed);
			let x = Fr::from(seed);
			prop_assert_eq!(evaluate(&coefficients, x), horner(&coefficients, x));
		}

		#[test]
		fn inversion_leaves_zero(n in 0usize..9, zeros: u16, seed: u64) {
			let mut values = random(n, seed);
			for (i, value) in values.iter_mut().enumerate() {
				if zeros >> i & 1 == 1 {
					*value = Fr::ZERO;
				}
			}
			let mut inverses = values.clone();
			invert_all(&mut inverses);
			for (value, inverse) in values.iter().zip(inverses) {
				prop_assert_eq!(inverse, value.invert().unwrap_or(Fr::ZERO));
			}
		}
	}
}
