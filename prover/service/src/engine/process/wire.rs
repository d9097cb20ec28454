//! What service and engine process say to each other: frames of a length (4 bytes, little-endian) and so
//! many bytes. The service's first is the configuration, as JSON; then each request, in SCALE, is answered by
//! any number of steps and one other report. An interruption is answered by the request that it ends, if it still
//! finds it. Neither side trusts the other's lengths.

use crate::engine::EngineError;
use codec::{Decode, DecodeAll, Encode};
use inference_primitives::{Hash, StatementHeader, VkHash};
use std::io::{self, Read, Write};

/// Most bytes of a frame. The greatest are inputs, which have at most half as many values as the interface's
/// messages have bytes.
const MAX_FRAME: u32 = 64 << 20;

/// What is said of an answer that answers something else.
pub const UNEXPECTED: &str = "the engine process answered something else";

/// A bundle, and where it is.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Place {
	/// Its folder.
	pub dir: String,
	/// Its content hash.
	pub bundle: Hash,
}

/// What the service says.
#[derive(Debug, Encode, Decode)]
pub enum Message {
	/// It wants something.
	#[codec(index = 0)]
	Request(Request),
	/// The [`Request::Load`] with this number, and those before it, need not be done any more.
	#[codec(index = 1)]
	Interrupt(u64),
}

/// What the service wants.
#[derive(Debug, Encode, Decode)]
pub enum Request {
	/// Compare the keys of a bundle with its model, and record it.
	#[codec(index = 0)]
	Check(Place),
	/// Prove an inference.
	#[codec(index = 1)]
	Prove {
		/// The model's bundle.
		place: Place,
		/// What the proof is about.
		header: StatementHeader,
		/// Input tensor.
		input: Vec<i64>,
	},
	/// Say that it can be done.
	#[codec(index = 2)]
	Hello,
	/// Read what proofs of a model take.
	#[codec(index = 3)]
	Load {
		/// Greater than that of each before.
		number: u64,
		/// The model's bundle.
		place: Place,
		/// Whether other models make room for it; otherwise it is not loaded where there is none.
		evict: bool,
	},
	/// Let go of these bundles, by content hash.
	#[codec(index = 4)]
	Unload(Vec<Hash>),
}

/// What a process says.
#[derive(Debug, Encode, Decode)]
pub enum Report {
	/// How far it is.
	#[codec(index = 0)]
	Step(String),
	/// The bundle's keys are those of its model.
	#[codec(index = 1)]
	Checked,
	/// The proof.
	#[codec(index = 2)]
	Proven {
		/// Output tensor.
		output: Vec<i64>,
		/// The proof.
		proof: Vec<u8>,
	},
	/// It cannot be done.
	#[codec(index = 3)]
	Failed(Failure),
	/// It is there.
	#[codec(index = 4)]
	Ready,
	/// The models that it holds after it was to load or unload some, however that went.
	#[codec(index = 5)]
	Holds {
		/// These, by content hash.
		bundles: Vec<Hash>,
		/// Their memory, bytes, about.
		bytes: u64,
		/// What became of the request.
		outcome: Outcome,
	},
}

/// What became of a request to load or unload models.
#[derive(Debug, Encode, Decode)]
pub enum Outcome {
	/// It is done.
	#[codec(index = 0)]
	Done,
	/// There is no room for the model beside the others.
	#[codec(index = 1)]
	NoRoom,
	/// It was interrupted.
	#[codec(index = 2)]
	Interrupted,
	/// It cannot be done.
	#[codec(index = 3)]
	Failed(Failure),
}

/// An [`EngineError`] but for its model, which the service knows.
#[derive(Debug, Encode, Decode)]
pub struct Failure {
	kind: Kind,
	reason: String,
}

#[derive(Debug, Encode, Decode)]
enum Kind {
	#[codec(index = 0)]
	Load,
	#[codec(index = 1)]
	Execute,
	#[codec(index = 2)]
	Prove,
	#[codec(index = 3)]
	Transient,
	#[codec(index = 4)]
	Verify,
}

impl From<EngineError> for Failure {
	fn from(error: EngineError) -> Self {
		let (kind, reason) = match error {
			EngineError::Load(reason) => (Kind::Load, reason),
			EngineError::Execute { reason, .. } => (Kind::Execute, reason),
			EngineError::Prove { reason, .. } => (Kind::Prove, reason),
			EngineError::Transient { reason, .. } => (Kind::Transient, reason),
			EngineError::Verify { reason, .. } => (Kind::Verify, reason),
		};
		Self { kind, reason }
	}
}

impl Failure {
	/// The error that it was, of `model`.
	pub fn into_error(self, model: VkHash) -> EngineError {
		let reason = self.reason;
		match self.kind {
			Kind::Load => EngineError::Load(reason),
			Kind::Execute => EngineError::Execute { model, reason },
			Kind::Prove => EngineError::Prove { model, reason },
			Kind::Transient => EngineError::Transient { model, reason },
			Kind::Verify => EngineError::Verify { model, reason },
		}
	}
}

/// Writes one frame.
pub fn write_frame(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
	let length = u32::try_from(bytes.len())
		.ok()
		.filter(|length| *length <= MAX_FRAME)
		.ok_or_else(|| io::Error::other(format!("a message of {} bytes", bytes.len())))?;
	out.write_all(&[&length.to_le_bytes(), bytes].concat())?;
	out.flush()
}

/// Reads one frame; nothing if the other side closed before it. Memory grows with what comes.
pub fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
	let mut length = [0; 4];
	match input.read_exact(&mut length) {
		Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
		read => read?,
	}
	let length = u32::from_le_bytes(length);
	if length > MAX_FRAME {
		return Err(io::Error::other(format!("a message of {length} bytes")));
	}
	let mut bytes = Vec::new();
	input.take(length.into()).read_to_end(&mut bytes)?;
	if bytes.len() as u64 != u64::from(length) {
		return Err(io::ErrorKind::UnexpectedEof.into());
	}
	Ok(Some(bytes))
}

/// Writes a message.
pub fn send(out: &mut impl Write, message: &impl Encode) -> io::Result<()> {
	write_frame(out, &message.encode())
}

/// Reads a message; nothing if the other side closed before it.
pub fn receive<T: Decode>(input: &mut impl Read) -> io::Result<Option<T>> {
	let Some(bytes) = read_frame(input)? else {
		return Ok(None);
	};
	let message = T::decode_all(&mut bytes.as_slice());
	message.map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn messages_should_be_read_as_written_and_nothing_else() {
		let failure = Failure::from(EngineError::Transient {
			model: VkHash([1; 32]),
			reason: "no room".into(),
		});
		let mut bytes = Vec::new();
		send(&mut bytes, &Report::Step("one".into())).unwrap();
		send(&mut bytes, &Report::Failed(failure)).unwrap();
		let mut input = bytes.as_slice();
		let step = receive::<Report>(&mut input).unwrap();
		assert!(matches!(step, Some(Report::Step(step)) if step == "one"));
		let failed = receive::<Report>(&mut input).unwrap();
		let Some(Report::Failed(failure)) = failed else {
			panic!("{failed:?}");
		};
		let error = failure.into_error(VkHash([1; 32]));
		assert!(error.is_transient() && error.to_string().contains("no room"));
		assert!(receive::<Report>(&mut input).unwrap().is_none());

		// Cut off anywhere, of another kind, with bytes behind it, or longer than is allowed.
		let mut one = Vec::new();
		send(&mut one, &Report::Step("one".into())).unwrap();
		for end in 4..one.len() {
			assert!(receive::<Report>(&mut &one[..end]).is_err(), "{end}");
		}
		for bad in [&[1, 0, 0, 0, 9][..], &[2, 0, 0, 0, 1, 1], &[255; 64]] {
			assert!(receive::<Report>(&mut &bad[..]).is_err(), "{bad:?}");
		}
	}
}
