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
	/// When its proof is worth nothing any more, milliseconds of Unix time.
	pub deadline_ms: Option<u64>,
	/// What is lost without the proof, in the unit of the client.
	pub value: u64,
	/// Before this it is not tried again, milliseconds of Unix time.
	pub not_before_ms: u64,
	/// Why the last attempt failed.
	pub last_error: Option<String>,
}

/// A job as schema version 1 had it.
#[derive(Decode)]
#[cfg_attr(test, derive(Encode))]
pub(crate) struct JobRecordV1 {
	pub(crate) header: StatementHeader,
	pub(crate) input: Vec<i64>,
	pub(crate) output: Vec<i64>,
	pub(crate) sequence: u64,
	pub(crate) attempts: u32,
	pub(crate) accepted_ms: u64,
	pub(crate) finished_ms: Option<u64>,
	pub(crate) status: Status,
}

impl From<JobRecordV1> for JobRecord {
	fn from(old: JobRecordV1) -> Self {
		Self {
			header: old.header,
			input: old.input,
			output: old.output,
			sequence: old.sequence,
			attempts: old.attempts,
			accepted_ms: old.accepted_ms,
			finished_ms: old.finished_ms,
			status: old.status,
			deadline_ms: None,
			value: 0,
			not_before_ms: 0,
			last_error: None,
		}
	}
}

/// Until when a job's proof is wanted, and what is lost without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
	/// When the proof is worth nothing any more, milliseconds of Unix time.
	pub deadline_ms: Option<u64>,
	/// What is lost without the proof, in the unit of the client.
	pub value: u64,
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
	/// Given up. Finished.
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
