//! A workload, as reports show it.

use crate::{
	amount::Amount,
	chain::{AccountId, Chain, Hash, ProofPosting},
	error::CliError,
	tensor::Tensor,
};
use inference_primitives::{
	market::WorkloadView, BlockNumber, Mode, Settlement, StatementHeader, TensorSpec, WorkloadId,
	WorkloadState,
};
use serde::Serialize;
use std::fmt;

/// A workload at one block.
#[derive(Serialize)]
pub struct WorkloadReport {
	/// Its identifier.
	pub id: WorkloadId,
	/// State.
	pub state: WorkloadState,
	mode: Mode,
	submitter: AccountId,
	/// MODEL.VERSION.
	model: String,
	/// What a proof of it is about, but for the output.
	statement: StatementHeader,
	node: Option<u32>,
	attempts: u8,
	/// Tick of the service clock at which the state times out.
	deadline: Option<u32>,
	input: Tensor,
	/// The output once delivered.
	pub output: Option<Tensor>,
	price: Amount,
	submitted_at: BlockNumber,
	delivered_at: Option<BlockNumber>,
	ended_at: Option<BlockNumber>,
	settlement: Account,
	/// The transaction that settled it, if it is settled and the node still has that block.
	proof: Option<ProofPosting>,
}

/// The account of a workload's money.
#[derive(Serialize)]
struct Account {
	escrowed: Amount,
	refunded: Amount,
	worker: Amount,
	creator: Amount,
	treasury: Amount,
	slashed: Amount,
	compensation: Amount,
	slashed_to_treasury: Amount,
	/// Whether escrowed = refunded + worker + creator + treasury and slashed = compensation +
	/// slashed_to_treasury, to the planck. False while money is still in escrow.
	balanced: bool,
}

impl From<Settlement> for Account {
	fn from(settlement: Settlement) -> Self {
		Self {
			escrowed: Amount(settlement.escrowed),
			refunded: Amount(settlement.refunded),
			worker: Amount(settlement.worker),
			creator: Amount(settlement.creator),
			treasury: Amount(settlement.treasury),
			slashed: Amount(settlement.slashed),
			compensation: Amount(settlement.compensation),
			slashed_to_treasury: Amount(settlement.slashed_to_treasury),
			balanced: settlement.is_balanced(),
		}
	}
}

impl WorkloadReport {
	/// Reads a workload in the state after block `at`.
	pub async fn read(chain: &Chain, id: WorkloadId, at: Hash) -> Result<Self, CliError> {
		let view = chain.workload(id, at).await?;
		let model = chain.model(view.statement.model, at).await?;
		let proof = match (view.state, view.ended_at) {
			(WorkloadState::Settled, Some(ended)) => {
				let first = view.delivered_at.unwrap_or(view.submitted_at);
				chain.proof_posting(id, first, ended).await?
			},
			_ => None,
		};
		Ok(Self::new(view, &model.input, &model.output, proof))
	}

	fn new(
		view: WorkloadView<AccountId>,
		input: &TensorSpec,
		output: &TensorSpec,
		proof: Option<ProofPosting>,
	) -> Self {
		Self {
			id: view.id,
			state: view.state,
			mode: view.mode,
			submitter: view.submitter,
			model: view.statement.model.to_string(),
			statement: view.statement,
			node: view.node.map(|node| node.0),
			attempts: view.attempts,
			deadline: view.deadline.map(|tick| tick.0),
			input: Tensor::new(view.input, input.scale_bits),
			output: view
				.output
				.map(|values| Tensor::new(values, output.scale_bits)),
			price: Amount(view.price),
			submitted_at: view.submitted_at,
			delivered_at: view.delivered_at,
			ended_at: view.ended_at,
			settlement: view.settlement.into(),
			proof,
		}
	}

	/// What the state means, in a few words.
	pub fn progress(&self) -> String {
		match (self.state, self.node) {
			(WorkloadState::Queued, _) => "queued, waiting for the draw of a node".to_owned(),
			(WorkloadState::Assigned, Some(node)) => format!("assigned to node {node}"),
			(WorkloadState::Assigned, None) => "assigned".to_owned(),
			(WorkloadState::Unproven, _) => "output delivered, waiting for the proof".to_owned(),
			(WorkloadState::Settled, _) => "proven and settled".to_owned(),
			(WorkloadState::Cancelled, _) => "cancelled".to_owned(),
			(WorkloadState::Expired, _) => "expired: no node was drawn in time".to_owned(),
			(WorkloadState::Refunded, _) => "refunded: no node delivered in time".to_owned(),
			(WorkloadState::Failed, _) => {
				"failed: not proven in time; payment and compensation went to the user".to_owned()
			},
			(WorkloadState::Voided, _) => {
				"voided: proofs of its model were disabled; everything went back".to_owned()
			},
		}
	}

	/// Refuses a workload that ended without a proven output.
	pub fn require_not_failed(&self) -> Result<(), CliError> {
		if self.state.is_terminal() && self.state != WorkloadState::Settled {
			return Err(CliError::Unsettled(format!(
				"workload {} {}",
				self.id,
				self.progress()
			)));
		}
		Ok(())
	}
}

impl fmt::Display for WorkloadReport {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "workload {}", self.id)?;
		writeln!(f, "  state      {}", self.progress())?;
		writeln!(f, "  model      {} ({:?})", self.model, self.mode)?;
		writeln!(f, "  submitter  {}", self.submitter)?;
		writeln!(f, "  input      {}", self.input)?;
		if let Some(output) = &self.output {
			writeln!(f, "  output     {output}")?;
		}
		writeln!(f, "  price      {}", self.price)?;
		write!(f, "  blocks     submitted {}", self.submitted_at)?;
		if let Some(block) = self.delivered_at {
			write!(f, ", delivered {block}")?;
		}
		if let Some(block) = self.ended_at {
			write!(f, ", ended {block}")?;
		}
		writeln!(f)?;
		if let Some(tick) = self.deadline {
			writeln!(f, "  times out  at tick {tick}")?;
		}
		if let Some(proof) = &self.proof {
			write!(f, "  proof      {} bytes", proof.bytes)?;
			if let Some(time) = proof.ref_time {
				write!(f, ", weight {} µs", time / 1_000_000)?;
			}
			writeln!(f)?;
		}
		let account = &self.settlement;
		writeln!(f, "  escrowed   {}", account.escrowed)?;
		if self.state.is_terminal() {
			writeln!(f, "  refunded   {}", account.refunded)?;
			writeln!(f, "  worker     {}", account.worker)?;
			writeln!(f, "  creator    {}", account.creator)?;
			writeln!(f, "  treasury   {}", account.treasury)?;
			writeln!(
				f,
				"  slashed    {} ({} to the user, {} to the treasury)",
				account.slashed, account.compensation, account.slashed_to_treasury
			)?;
			writeln!(
				f,
				"  balanced   {}",
				if account.balanced { "yes" } else { "NO" }
			)?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::{
		Destination, GenesisHash, ModelId, ModelRef, NodeId, Visibility, VkHash, STATEMENT_VERSION,
	};

	fn spec(scale_bits: u8) -> TensorSpec {
		TensorSpec {
			shape: vec![2],
			scale_bits,
			min: -100,
			max: 100,
			visibility: Visibility::Public,
		}
	}

	fn report(state: WorkloadState) -> WorkloadReport {
		let view = WorkloadView {
			id: WorkloadId([7; 32]),
			submitter: AccountId::from([1; 32]),
			statement: StatementHeader {
				genesis: GenesisHash([2; 32]),
				domain: 0,
				version: STATEMENT_VERSION,
				vk_hash: VkHash([3; 32]),
				model: ModelRef {
					model: ModelId(3),
					version: 1,
				},
				workload: WorkloadId([7; 32]),
				destination: Destination::Local,
			},
			mode: Mode::Deferred,
			state,
			input: vec![16, -8],
			output: Some(vec![5]),
			price: 90,
			node: Some(NodeId(4)),
			attempts: 1,
			deadline: None,
			submitted_at: 10,
			delivered_at: Some(15),
			ended_at: Some(20),
			settlement: Settlement {
				escrowed: 100,
				refunded: 10,
				worker: 70,
				creator: 15,
				treasury: 5,
				..Settlement::default()
			},
		};
		let proof = ProofPosting {
			block: 20,
			extrinsic: 2,
			bytes: 1504,
			ref_time: Some(9_000_000_000),
			proof_size: Some(0),
		};
		WorkloadReport::new(view, &spec(4), &spec(1), Some(proof))
	}

	#[test]
	fn json_has_everything_that_scripts_read() {
		let json = serde_json::to_value(report(WorkloadState::Settled)).unwrap();
		assert_eq!(json["id"], format!("0x{}", "07".repeat(32)));
		assert_eq!(json["state"], "settled");
		assert_eq!(json["mode"], "deferred");
		assert_eq!(json["model"], "3.1");
		assert_eq!(
			json["input"],
			serde_json::json!({"fixed": [16, -8], "real": [1.0, -0.5]})
		);
		assert_eq!(
			json["output"],
			serde_json::json!({"fixed": [5], "real": [2.5]})
		);
		assert_eq!(json["price"], "90");
		assert_eq!(json["submitted_at"], 10);
		assert_eq!(json["delivered_at"], 15);
		assert_eq!(json["ended_at"], 20);
		assert_eq!(json["settlement"]["escrowed"], "100");
		assert_eq!(json["settlement"]["balanced"], true);
		assert_eq!(json["proof"]["bytes"], 1504);
		assert_eq!(json["proof"]["ref_time"], 9_000_000_000u64);
	}

	#[test]
	fn text_shows_output_proof_and_money() {
		let text = report(WorkloadState::Settled).to_string();
		for part in [
			"proven and settled",
			"[2.5]",
			"1504 bytes",
			"9000 µs",
			"balanced   yes",
		] {
			assert!(text.contains(part), "{part:?} is not in {text}");
		}
	}

	#[test]
	fn only_an_end_without_proof_is_an_error() {
		use WorkloadState::*;
		for state in [Queued, Assigned, Unproven, Settled] {
			assert_eq!(report(state).require_not_failed(), Ok(()));
		}
		for state in [Cancelled, Expired, Refunded, Failed, Voided] {
			assert_eq!(
				report(state).require_not_failed().unwrap_err().exit_code(),
				7
			);
		}
	}
}
