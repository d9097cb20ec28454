//! Reads a proof and replays its transcript.

use crate::{
	encoding::{
		point_from_bytes, reverse_words, scalar_from_bytes, scalar_to_bytes, BadPoint, POINT_BYTES,
		SCALAR_BYTES,
	},
	plan::{limit_usize, Plan, TranscriptKind},
	transcript::{evm::EvmTranscript, Transcript},
	verification::VerifyError,
	Scalar,
};
use alloc::vec::Vec;
use ark_ec::AffineRepr;
use inference_bn254::G1Affine;

/// The verifier's challenges.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
	/// Those of multi-phase circuits, in the constraint system's order.
	pub circuit: Vec<Scalar>,
	/// Compresses a lookup's expressions.
	pub theta: Scalar,
	/// Permutation and lookup products.
	pub beta: Scalar,
	/// Permutation and lookup products.
	pub gamma: Scalar,
	/// Combines constraints.
	pub y: Scalar,
	/// Where polynomials are evaluated.
	pub x: Scalar,
	/// Combines commitments within a rotation set.
	pub opening_y: Scalar,
	/// Combines rotation sets.
	pub opening_v: Scalar,
	/// Where the opening is linearised.
	pub opening_u: Scalar,
}

/// A proof's contents and the challenges that they led to.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
	/// In the order of [`Layout`](crate::plan::layout::Layout).
	pub points: Vec<G1Affine>,
	/// In the order of [`Layout`](crate::plan::layout::Layout).
	pub evaluations: Vec<Scalar>,
	pub challenges: Challenges,
	/// A hash that binds plan, public inputs and the whole proof: randomness for what verifiers
	/// combine is drawn from it.
	pub seal: [u8; 64],
}

impl Proof {
	/// Reads a proof, all of it.
	pub(crate) fn read(
		plan: &Plan,
		public_inputs: &[Scalar],
		bytes: &[u8],
	) -> Result<Self, VerifyError> {
		let (expected, got) = (plan.proof_len(), bytes.len());
		if got < expected {
			return Err(VerifyError::ProofTooShort { expected, got });
		}
		if got > expected {
			return Err(VerifyError::ProofTooLong { expected, got });
		}
		let layout = plan.layout();
		let parts = plan.parts();
		let mut reader = Reader {
			bytes,
			offset: 0,
			transcript: match plan.transcript() {
				TranscriptKind::Blake2b => Dialect::Ours(Transcript::new(plan.digest())),
				TranscriptKind::KeccakEvm => Dialect::Evm(EvmTranscript::new()),
			},
			points: Vec::with_capacity(layout.points()),
			evaluations: Vec::with_capacity(layout.evaluations()),
		};
		reader.transcript.absorb_value(&parts.transcript_repr);
		for value in public_inputs {
			reader.transcript.absorb_value(value);
		}

		let mut circuit = alloc::vec![Scalar::default(); parts.challenge_phases.len()];
		let last_phase = parts.advice_phases.iter().copied().max().unwrap_or(0);
		for phase in 0..=last_phase {
			let columns = parts.advice_phases.iter().filter(|p| **p == phase).count();
			reader.points(columns)?;
			for (challenge, of) in circuit.iter_mut().zip(&parts.challenge_phases) {
				if *of == phase {
					*challenge = reader.transcript.challenge();
				}
			}
		}
		let theta = reader.transcript.challenge();
		reader.points(layout.lookups().saturating_mul(layout.points_per_lookup()))?;
		let beta = reader.transcript.challenge();
		let gamma = reader.transcript.challenge();
		reader.points(layout.permutation_chunks())?;
		reader.points(layout.lookups())?;
		// the random polynomial
		reader.points(1)?;
		let y = reader.transcript.challenge();
		reader.points(layout.quotient_parts())?;
		let x = reader.transcript.challenge();
		reader.evaluations(layout.evaluations())?;
		let opening_y = reader.transcript.challenge();
		let opening_v = reader.transcript.challenge();
		reader.points(1)?;
		let opening_u = reader.transcript.challenge();
		reader.points(1)?;

		let Reader {
			points,
			evaluations,
			transcript,
			..
		} = reader;
		let seal = transcript.seal(plan);
		let challenges = Challenges {
			circuit,
			theta,
			beta,
			gamma,
			y,
			x,
			opening_y,
			opening_v,
			opening_u,
		};
		Ok(Self {
			points,
			evaluations,
			challenges,
			seal,
		})
	}
}

/// A transcript with the encoding that its proofs have.
#[derive(Clone, Debug)]
enum Dialect {
	/// Little-endian; the identity is zeros.
	Ours(Transcript),
	/// Big-endian words; the identity has no encoding.
	Evm(EvmTranscript),
}

impl Dialect {
	fn challenge(&mut self) -> Scalar {
		match self {
			Self::Ours(transcript) => transcript.challenge(),
			Self::Evm(transcript) => transcript.challenge(),
		}
	}

	/// Absorbs a scalar that the proof does not hold.
	fn absorb_value(&mut self, value: &Scalar) {
		let bytes = scalar_to_bytes(value);
		match self {
			Self::Ours(transcript) => transcript.absorb_scalar(&bytes),
			Self::Evm(transcript) => transcript.absorb_scalar(&reverse_words(bytes)),
		}
	}

	/// Decodes and absorbs a scalar of the proof.
	fn scalar(&mut self, bytes: &[u8; SCALAR_BYTES]) -> Option<Scalar> {
		match self {
			Self::Ours(transcript) => {
				transcript.absorb_scalar(bytes);
				scalar_from_bytes(bytes)
			},
			Self::Evm(transcript) => {
				transcript.absorb_scalar(bytes);
				scalar_from_bytes(&reverse_words(*bytes))
			},
		}
	}

	/// Decodes and absorbs a point of the proof.
	fn point(&mut self, bytes: &[u8; POINT_BYTES]) -> Result<G1Affine, BadPoint> {
		match self {
			Self::Ours(transcript) => {
				transcript.absorb_point(bytes);
				point_from_bytes(bytes)
			},
			Self::Evm(transcript) => {
				transcript.absorb_point(bytes);
				let point = point_from_bytes(&reverse_words(*bytes))?;
				if point.is_zero() {
					return Err(BadPoint::OffCurve);
				}
				Ok(point)
			},
		}
	}

	/// Hash of everything absorbed and of the plan.
	fn seal(self, plan: &Plan) -> [u8; 64] {
		match self {
			// It started from the plan's digest.
			Self::Ours(mut transcript) => transcript.challenge_bytes(),
			Self::Evm(mut transcript) => {
				let mut state = Transcript::new(plan.digest());
				state.absorb_scalar(&transcript.challenge_bytes());
				state.challenge_bytes()
			},
		}
	}
}

/// Reads a proof's bytes and absorbs them.
struct Reader<'a> {
	bytes: &'a [u8],
	offset: usize,
	transcript: Dialect,
	points: Vec<G1Affine>,
	evaluations: Vec<Scalar>,
}

impl Reader<'_> {
	fn take<const N: usize>(&mut self) -> Result<[u8; N], VerifyError> {
		// The length was checked: a proof that ends here would not match its layout.
		let rest = self.bytes.get(self.offset..).unwrap_or_default();
		let bytes = rest.first_chunk::<N>().ok_or(VerifyError::Internal)?;
		self.offset = self.offset.saturating_add(N);
		Ok(*bytes)
	}

	fn points(&mut self, count: usize) -> Result<(), VerifyError> {
		for _ in 0..count {
			let offset = self.offset;
			let bytes = self.take::<POINT_BYTES>()?;
			let point = self.transcript.point(&bytes).map_err(|error| match error {
				BadPoint::NonCanonical => VerifyError::NonCanonicalPoint { offset },
				BadPoint::OffCurve => VerifyError::OffCurve { offset },
			})?;
			self.points.push(point);
		}
		Ok(())
	}

	fn evaluations(&mut self, count: usize) -> Result<(), VerifyError> {
		for _ in 0..count {
			let offset = self.offset;
			let bytes = self.take::<SCALAR_BYTES>()?;
			let scalar = self
				.transcript
				.scalar(&bytes)
				.ok_or(VerifyError::NonCanonicalScalar { offset })?;
			self.evaluations.push(scalar);
		}
		Ok(())
	}
}

/// Checks the number of public inputs.
pub(crate) fn check_public_inputs(
	plan: &Plan,
	public_inputs: &[Scalar],
) -> Result<(), VerifyError> {
	let expected = limit_usize(plan.num_public_inputs());
	let got = public_inputs.len();
	if expected == got {
		Ok(())
	} else {
		Err(VerifyError::PublicInputs { expected, got })
	}
}
