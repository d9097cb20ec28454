//! Commands that need a node, when there is none.

use serde_json::Value;
use std::process::Command;

#[test]
fn a_command_should_exit_5_and_say_what_to_do_when_no_node_answers() {
	// Port 9 (discard) is not served.
	let output = Command::new(env!("CARGO_BIN_EXE_inference"))
		.args([
			"--output",
			"json",
			"chain",
			"status",
			"--url",
			"ws://127.0.0.1:9",
		])
		.output()
		.unwrap();
	assert_eq!(output.status.code(), Some(5));
	let json: Value = serde_json::from_slice(&output.stderr).unwrap();
	let message = json["error"]["message"].as_str().unwrap();
	assert!(message.contains("inference-node --dev"), "{message}");
}

#[test]
fn a_transaction_should_exit_2_when_there_is_no_signing_key() {
	let output = Command::new(env!("CARGO_BIN_EXE_inference"))
		.args(["node", "withdraw"])
		.env_remove("INFERENCE_SURI")
		.output()
		.unwrap();
	assert_eq!(output.status.code(), Some(2));
	assert!(String::from_utf8_lossy(&output.stderr).contains("--suri-file"));
}
