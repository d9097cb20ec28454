//! Our transcript and proof encoding, as halo2's prover and verifier see them.

use crate::{
	encoding::{POINT_BYTES, SCALAR_BYTES},
	plan::Plan,
	transcript::Transcript as State,
};
use halo2_proofs::transcript::{
	Challenge255, EncodedChallenge, Transcript, TranscriptRead, TranscriptWrite,
};
use halo2curves::{
	bn256::{Fq, Fr, G1Affine},
	ff::PrimeField,
	group::prime::PrimeCurveAffine,
	CurveAffine,
};
use std::io;

/// A transcript for halo2's `create_proof`, bound to `plan`. The prover's key must be the one that
/// the plan was derived from.
pub fn transcript_writer(plan: &Plan) -> ProofWriter {
	ProofWriter {
		state: State::new(plan.digest()),
		bytes: Vec::with_capacity(plan.proof_len()),
	}
}

/// A transcript for halo2's own `verify_proof`, to check a proof of ours with it.
pub fn transcript_reader<'a>(plan: &Plan, proof: &'a [u8]) -> ProofReader<'a> {
	ProofReader {
		state: State::new(plan.digest()),
		bytes: proof,
	}
}

/// Collects a proof.
#[derive(Clone, Debug)]
pub struct ProofWriter {
	state: State,
	bytes: Vec<u8>,
}

impl ProofWriter {
	/// The proof.
	pub fn finalize(self) -> Vec<u8> {
		self.bytes
	}
}

/// Reads a proof for halo2's verifier.
#[derive(Clone, Debug)]
pub struct ProofReader<'a> {
	state: State,
	bytes: &'a [u8],
}

impl ProofReader<'_> {
	/// Bytes that were not read.
	pub fn remaining(&self) -> usize {
		self.bytes.len()
	}

	fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
		let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or_else(|| {
			io::Error::new(io::ErrorKind::UnexpectedEof, "the proof is truncated")
		})?;
		self.bytes = rest;
		Ok(*head)
	}
}

/// Encodes a point; the identity as zeros.
pub(super) fn point_bytes(point: &G1Affine) -> io::Result<[u8; POINT_BYTES]> {
	let mut bytes = [0u8; POINT_BYTES];
	if !bool::from(point.is_identity()) {
		let coordinates = Option::<halo2curves::Coordinates<G1Affine>>::from(point.coordinates())
			.ok_or_else(|| {
			io::Error::new(io::ErrorKind::InvalidData, "a point is off the curve")
		})?;
		let (x, y) = (coordinates.x().to_repr(), coordinates.y().to_repr());
		for (to, from) in bytes.iter_mut().zip(x.iter().chain(&y)) {
			*to = *from;
		}
	}
	Ok(bytes)
}

pub(super) fn read_point(bytes: &[u8; POINT_BYTES]) -> Option<G1Affine> {
	if bytes == &[0; POINT_BYTES] {
		return Some(G1Affine::identity());
	}
	let (chunks, _) = bytes.as_chunks::<SCALAR_BYTES>();
	let mut coordinates = chunks.iter().map(|c| Option::<Fq>::from(Fq::from_repr(*c)));
	let (x, y) = (coordinates.next()??, coordinates.next()??);
	Option::from(G1Affine::from_xy(x, y))
}

fn challenge(state: &mut State) -> Challenge255<G1Affine> {
	Challenge255::new(&state.challenge_bytes())
}

impl Transcript<G1Affine, Challenge255<G1Affine>> for ProofWriter {
	fn squeeze_challenge(&mut self) -> Challenge255<G1Affine> {
		challenge(&mut self.state)
	}

	fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
		self.state.absorb_point(&point_bytes(&point)?);
		Ok(())
	}

	fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
		self.state.absorb_scalar(&scalar.to_repr());
		Ok(())
	}
}

impl TranscriptWrite<G1Affine, Challenge255<G1Affine>> for ProofWriter {
	fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
		let bytes = point_bytes(&point)?;
		self.state.absorb_point(&bytes);
		self.bytes.extend_from_slice(&bytes);
		Ok(())
	}

	fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
		let bytes = scalar.to_repr();
		self.state.absorb_scalar(&bytes);
		self.bytes.extend_from_slice(&bytes);
		Ok(())
	}
}

impl Transcript<G1Affine, Challenge255<G1Affine>> for ProofReader<'_> {
	fn squeeze_challenge(&mut self) -> Challenge255<G1Affine> {
		challenge(&mut self.state)
	}

	fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
		self.state.absorb_point(&point_bytes(&point)?);
		Ok(())
	}

	fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
		self.state.absorb_scalar(&scalar.to_repr());
		Ok(())
	}
}

impl TranscriptRead<G1Affine, Challenge255<G1Affine>> for ProofReader<'_> {
	fn read_point(&mut self) -> io::Result<G1Affine> {
		let bytes = self.take()?;
		let point = read_point(&bytes)
			.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "invalid point in proof"))?;
		self.state.absorb_point(&bytes);
		Ok(point)
	}

	fn read_scalar(&mut self) -> io::Result<Fr> {
		let bytes = self.take()?;
		let scalar = Option::from(Fr::from_repr(bytes))
			.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "invalid scalar in proof"))?;
		self.state.absorb_scalar(&bytes);
		Ok(scalar)
	}
}
