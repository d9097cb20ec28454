//! The proof as it is written.

use halo2curves::{
	bn256::{Fr, G1Affine},
	ff::PrimeField,
	group::prime::PrimeCurveAffine,
};
use inference_verifier::{halo2::to_halo2, transcript::Transcript, Plan};

/// Writes a proof and draws its challenges.
pub(crate) struct Writer {
	transcript: Transcript,
	bytes: Vec<u8>,
}

impl Writer {
	pub(crate) fn new(plan: &Plan) -> Self {
		let mut writer = Self {
			transcript: Transcript::new(plan.digest()),
			bytes: Vec::with_capacity(plan.proof_len()),
		};
		writer.absorb(to_halo2(plan.parts().transcript_repr));
		writer
	}

	/// Absorbs a scalar that the proof does not hold.
	pub(crate) fn absorb(&mut self, scalar: Fr) {
		self.transcript.absorb_scalar(&scalar.to_repr());
	}

	pub(crate) fn points(&mut self, points: &[G1Affine]) {
		for point in points {
			let mut bytes = [0u8; 64];
			if !bool::from(point.is_identity()) {
				let (x, y) = bytes.split_at_mut(32);
				x.copy_from_slice(&point.x.to_repr());
				y.copy_from_slice(&point.y.to_repr());
			}
			self.transcript.absorb_point(&bytes);
			self.bytes.extend(bytes);
		}
	}

	pub(crate) fn scalar(&mut self, scalar: Fr) {
		let bytes = scalar.to_repr();
		self.transcript.absorb_scalar(&bytes);
		self.bytes.extend(bytes);
	}

	pub(crate) fn challenge(&mut self) -> Fr {
		to_halo2(self.transcript.challenge())
	}

	pub(crate) fn finish(self) -> Vec<u8> {
		self.bytes
	}
}
