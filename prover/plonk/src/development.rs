//! The insecure development setup's commitment keys.

use crate::{
	commitment_key::CommitmentKey,
	error::KeyError,
	fft::{invert_all, powers, Domain},
	msm::to_affine,
	progress::{Progress, Stage},
};
use halo2curves::{
	bn256::{Fr, G1Affine, G1},
	ff::{Field, PrimeField},
	group::{prime::PrimeCurveAffine, Group},
};
use inference_verifier::{development_secret, halo2::to_halo2};
use rayon::prelude::*;

/// Bits of a window of the generator's table.
const WINDOW: usize = 8;

impl CommitmentKey {
	/// The key of [`Setup::insecure_development`](inference_verifier::Setup::insecure_development)
	/// for 2^`k` rows. **Insecure**: its secret is public, so anyone can forge proofs.
	///
	/// Takes about 2^`k` · 20 µs of one core.
	pub fn insecure_development(k: u8, progress: Progress<'_>) -> Result<Self, KeyError> {
		let domain = Domain::new(u32::from(k)).ok_or(KeyError::Unsupported {
			what: "so many rows",
		})?;
		let n = domain.size();
		let secret = to_halo2(development_secret());
		let monomial: Vec<Fr> = powers(secret).take(n).collect();
		// The Lagrange polynomial of row i at s: ω^i · (s^n − 1) / (n · (s − ω^i)).
		let elements: Vec<Fr> = powers(domain.omega()).take(n).collect();
		let mut lagrange: Vec<Fr> = elements
			.iter()
			.map(|element| (secret - element) * Fr::from(n as u64))
			.collect();
		invert_all(&mut lagrange);
		let vanishing = secret.pow_vartime([n as u64]) - Fr::ONE;
		for (value, element) in lagrange.iter_mut().zip(elements) {
			*value *= element * vanishing;
		}
		let table = Table::new();
		let counter = progress.stage(Stage::Setup, 2);
		let multiples = |scalars: &[Fr]| {
			let points = table.multiples(scalars);
			counter.advance();
			points
		};
		Self::new(k, multiples(&monomial), multiples(&lagrange))
	}
}

/// For each window, the generator's multiples by 1..2^8 times the window's power.
struct Table(Vec<Vec<G1Affine>>);

impl Table {
	fn new() -> Self {
		let mut base = G1::generator();
		let windows = (0..Fr::NUM_BITS as usize).step_by(WINDOW).map(|_| {
			let multiples: Vec<G1> = (1..1 << WINDOW)
				.scan(G1::identity(), |sum, _| {
					*sum += base;
					Some(*sum)
				})
				.collect();
			base = (0..WINDOW).fold(base, |base, _| base.double());
			to_affine(&multiples)
		});
		Self(windows.collect())
	}

	/// The generator times each scalar.
	fn multiples(&self, scalars: &[Fr]) -> Vec<G1Affine> {
		let multiple = |scalar: &Fr| {
			let bytes = scalar.to_repr();
			self.0
				.iter()
				.zip(bytes)
				.fold(G1::identity(), |sum, (window, byte)| {
					let index = usize::from(byte).checked_sub(1);
					let point = index.and_then(|index| window.get(index));
					sum + point.copied().unwrap_or(G1Affine::identity())
				})
		};
		scalars
			.par_chunks(256)
			.flat_map_iter(|chunk| to_affine(&chunk.iter().map(multiple).collect::<Vec<_>>()))
			.collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn development_keys_have_the_development_secret() {
		let secret = to_halo2(development_secret());
		let key = CommitmentKey::insecure_development(4, Progress::NONE).unwrap();
		// The polynomial x ↦ 3 + 2x, by coefficients and by values.
		let omega = Domain::new(4).unwrap().omega();
		let coefficients = [Fr::from(3), Fr::from(2)];
		let values: Vec<Fr> = powers(omega)
			.take(16)
			.map(|x| Fr::from(3) + Fr::from(2) * x)
			.collect();
		let expected = G1::generator() * (Fr::from(3) + Fr::from(2) * secret);
		let expected = to_affine(&[expected]);
		let counter = Progress::NONE.stage(Stage::Setup, 1);
		let values = crate::commitment_key::Values::Scalars(&values);
		for key in [key.clone(), key.with_tables(Progress::NONE)] {
			assert_eq!(
				key.commit_coefficients(&[&coefficients], &counter),
				expected
			);
			assert_eq!(key.commit_values(&[values], &counter), expected);
		}
	}
}
