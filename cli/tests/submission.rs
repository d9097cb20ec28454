//! Transactions that get into no block.

use crate::node::Node;
use inference_primitives::WorkloadId;
use inference_runtime::{Runtime, RuntimeCall, VERSION};
use pallet_inference_market::Call;
use std::time::Instant;

#[tokio::test]
async fn a_transaction_should_not_be_waited_for_without_end() {
	let node = Node::start(&VERSION.spec_name, 0, |_, _| None).await;
	let started = Instant::now();
	let line = "node withdraw --suri //Bob --block-timeout 1";
	let message = node.failure(8, line).await;
	assert!(started.elapsed().as_secs() < 30);
	assert_eq!(node.submitted(), 1);
	// The node's finalised block is 26, and the account's next number 5.
	for what in ["in no block after 1 seconds", "until block 89", "--nonce 5"] {
		assert!(message.contains(what), "{message}");
	}
}

#[tokio::test]
async fn a_command_about_a_workload_should_send_the_call_of_its_name() {
	let node = Node::start(&VERSION.spec_name, 0, |_, _| None).await;
	let workload = WorkloadId([7; 32]);
	let mut sent = Vec::new();
	for (command, call) in [
		("cancel", Call::<Runtime>::cancel { workload }),
		("decline", Call::<Runtime>::decline { workload }),
		("expire", Call::<Runtime>::expire { workload }),
		("prune", Call::<Runtime>::prune { workload }),
	] {
		let line = format!("workload {command} {workload} --suri //Bob --block-timeout 1");
		node.failure(8, &line).await;
		sent.push(RuntimeCall::InferenceMarket(call));
		assert_eq!(node.calls(), sent);
	}
}
