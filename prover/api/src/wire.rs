//! JSON form of a job.
//!
//! A plain struct: serde's flattened and internally tagged forms buffer their content, and that
//! cannot hold the numbers of a `serde_json` with arbitrary precision, which Substrate turns on.

use crate::{JobState, Progress};
use inference_primitives::WorkloadId;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
	Queued,
	Proving,
	Proven,
	Failed,
	Cancelled,
}

/// [`crate::Job`] with all states' fields.
#[derive(Serialize, Deserialize)]
pub(crate) struct Job {
	key: WorkloadId,
	state: State,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	output: Option<Vec<i64>>,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	proof: Option<Proof>,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	prove_ms: Option<u64>,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	reason: Option<String>,
	#[serde(default)]
	attempts: u32,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	running_ms: Option<u64>,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	step: Option<String>,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	retry_in_ms: Option<u64>,
	#[serde(default, skip_serializing_if = "Option::is_none")]
	last_error: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Proof(#[serde(with = "crate::hex_bytes")] Vec<u8>);

impl From<crate::Job> for Job {
	fn from(job: crate::Job) -> Self {
		let (mut proof, mut prove_ms, mut reason) = (None, None, None);
		let output = job.state.output().map(<[i64]>::to_vec);
		let state = match job.state {
			JobState::Queued { .. } => State::Queued,
			JobState::Proving { .. } => State::Proving,
			JobState::Proven {
				proof: bytes,
				prove_ms: ms,
				..
			} => {
				proof = Some(Proof(bytes));
				prove_ms = Some(ms);
				State::Proven
			},
			JobState::Failed { reason: text } => {
				reason = Some(text);
				State::Failed
			},
			JobState::Cancelled => State::Cancelled,
		};
		Self {
			key: job.key,
			state,
			output,
			proof,
			prove_ms,
			reason,
			attempts: job.progress.attempts,
			running_ms: job.progress.running_ms,
			step: job.progress.step,
			retry_in_ms: job.progress.retry_in_ms,
			last_error: job.progress.last_error,
		}
	}
}

impl TryFrom<Job> for crate::Job {
	type Error = &'static str;

	fn try_from(job: Job) -> Result<Self, Self::Error> {
		let output = job.output.ok_or("a job in this state has an `output`");
		let state = match job.state {
			State::Queued => JobState::Queued { output: output? },
			State::Proving => JobState::Proving { output: output? },
			State::Proven => JobState::Proven {
				output: output?,
				proof: job.proof.ok_or("a proven job has a `proof`")?.0,
				prove_ms: job.prove_ms.ok_or("a proven job has `prove_ms`")?,
			},
			State::Failed => JobState::Failed {
				reason: job.reason.ok_or("a failed job has a `reason`")?,
			},
			State::Cancelled => JobState::Cancelled,
		};
		Ok(Self {
			key: job.key,
			state,
			progress: Progress {
				attempts: job.attempts,
				running_ms: job.running_ms,
				step: job.step,
				retry_in_ms: job.retry_in_ms,
				last_error: job.last_error,
			},
		})
	}
}
