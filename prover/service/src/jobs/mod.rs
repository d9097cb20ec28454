//! Jobs: what is kept of each, and where they wait and are worked on.

pub mod queue;
pub mod store;
pub mod worker;

use codec::{Decode, Encode};
use inference_primitives::{Hash, StatementHeader, WorkloadId};
use std::time::{SystemTime, UNIX_EPOCH};

/// A job, as it lies on disk. Its encoding is versioned by [`store::SCHEMA_VERSION`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct JobRecord {
	/// What the proof is about, but for the output. Holds the job's key.
	pub header: StatementHeader,
	/// Input tensor.
	pub input: Vec<i64>,
	/// Output tensor.
	pub output: Vec<i64>,
	/// Place in the order of arrival. Unique among unfinished jobs.
	pub sequence: u64,
	/// Times that proving was started.
	pub attempts: u32,
	/// When it was accepted, milliseconds of Unix time.
	pub accepted_ms: u64,
	/// When it was finished, milliseconds of Unix time. Set if and only if it is finished.
	pub finished_ms: Option<u64>,
	/// Its progress.
	pub status: Status,
}

/// Progress of a job.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Status {
	/// Waits for a worker.
	#[codec(index = 0)]
	Queued,
	/// A worker has it.
	#[codec(index = 1)]
	Proving,
	/// Proven, verified and stored. Finished.
	#[codec(index = 2)]
	Proven {
		/// Hash of the proof in the content store.
		proof: Hash,
		/// Wall time of proving, milliseconds.
		prove_ms: u64,
	},
	/// Cannot be proven. Finished.
	#[codec(index = 3)]
	Failed {
		/// Why, for the operator.
		reason: String,
	},
	/// Cancelled by the client. Finished.
	#[codec(index = 4)]
	Cancelled,
}

impl Status {
	/// Whether nothing more will happen to the job.
	pub fn is_finished(&self) -> bool {
		match self {
			Self::Queued | Self::Proving => false,
			Self::Proven { .. } | Self::Failed { .. } | Self::Cancelled => true,
		}
	}
}

impl JobRecord {
	/// The job's key.
	pub fn key(&self) -> WorkloadId {
		self.header.workload
	}

	/// Whether it came from this request.
	pub fn is_for(&self, header: &StatementHeader, input: &[i64]) -> bool {
		self.header == *header && self.input == input
	}
}

/// Now, in milliseconds of Unix time; zero before 1970.
pub fn now_ms() -> u64 {
	SystemTime::now()
		.duration_since(UNIX_EPOCH)
		.map_or(0, |elapsed| {
			u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
		})
}
