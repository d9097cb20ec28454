//! Transactions that get into no block.

use crate::node::Node;
use inference_runtime::VERSION;
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
