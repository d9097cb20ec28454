//! Setups from halo2's parameters, and the insecure development parameters.

use crate::setup::{development_seed, Setup, SetupError};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2curves::{bn256::Bn256, ff::PrimeField, group::prime::PrimeCurveAffine};
use rand_core::{impls, Error, RngCore};

/// The verifier's part of `params`: \[s\]G2, checked.
pub fn setup_from_params(params: &ParamsKZG<Bn256>) -> Result<Setup, SetupError> {
	let point = params.s_g2();
	if bool::from(point.is_identity()) {
		return Err(SetupError::Identity);
	}
	let coordinates = [point.x.c0, point.x.c1, point.y.c0, point.y.c1];
	Setup::from_bytes(&coordinates.map(|c| c.to_repr()).concat())
}

/// Parameters for circuits of up to 2^`k` rows, with
/// [`development_secret`](crate::development_secret): the same for every call and, up to their
/// size, for every `k`; they match [`Setup::insecure_development`]. **Insecure**: anyone can forge
/// proofs.
///
/// Takes about 2^`k` · 0.1 ms of one core: callers that prove often keep them.
pub fn development_params(k: u32) -> ParamsKZG<Bn256> {
	ParamsKZG::setup(
		k,
		Replay {
			bytes: development_seed(),
			position: 0,
		},
	)
}

/// A source of "randomness" that repeats fixed bytes: halo2 draws the secret from the first 64.
struct Replay {
	bytes: [u8; 64],
	position: usize,
}

impl RngCore for Replay {
	fn next_u32(&mut self) -> u32 {
		impls::next_u32_via_fill(self)
	}

	fn next_u64(&mut self) -> u64 {
		impls::next_u64_via_fill(self)
	}

	fn fill_bytes(&mut self, dest: &mut [u8]) {
		for (to, from) in dest
			.iter_mut()
			.zip(self.bytes.iter().cycle().skip(self.position))
		{
			*to = *from;
		}
		self.position = (self.position + dest.len()) % self.bytes.len();
	}

	fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
		self.fill_bytes(dest);
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{development_secret, halo2::to_halo2};
	use halo2_proofs::poly::commitment::{Params, ParamsProver};
	use halo2curves::{
		bn256::{G1Affine, G2Affine},
		group::Curve,
	};

	#[test]
	fn development_params_have_the_development_secret_for_every_k() {
		for k in [1, 3, 5] {
			let params = development_params(k);
			assert_eq!(params.k(), k);
			let secret = to_halo2(development_secret());
			assert_eq!(params.s_g2(), (G2Affine::generator() * secret).to_affine());
			assert_eq!(
				params.get_g()[1],
				(G1Affine::generator() * secret).to_affine()
			);
			let setup = setup_from_params(&params);
			assert_eq!(setup, Ok(Setup::insecure_development()));
		}
	}
}
