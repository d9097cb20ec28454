//! What the commands that send a transaction share.

use super::Context;
use crate::{
	chain::{Chain, ChainArgs, Included, RuntimeCall, Signer, SignerArgs, SubmitArgs},
	error::CliError,
};
use serde::Serialize;
use std::fmt;

/// Which node, who signs, how long to wait.
#[derive(Clone, clap::Args)]
pub struct TransactionArgs {
	#[command(flatten)]
	chain: ChainArgs,
	#[command(flatten)]
	signer: SignerArgs,
	#[command(flatten)]
	submit: SubmitArgs,
}

/// A connection with a signing account.
pub struct Session {
	/// The chain.
	pub chain: Chain,
	/// The account.
	pub signer: Signer,
	submit: SubmitArgs,
}

impl TransactionArgs {
	/// Reads the key, connects.
	pub async fn open(&self) -> Result<Session, CliError> {
		let signer = Signer::load(&self.signer)?;
		let chain = self.connect().await?;
		Ok(Session {
			chain,
			signer,
			submit: self.submit,
		})
	}

	/// Connects, and asks for no key.
	pub async fn connect(&self) -> Result<Chain, CliError> {
		Chain::connect(&self.chain).await
	}
}

impl Session {
	/// Sends `call` and waits until it is in a block.
	pub async fn send(
		&self,
		context: Context,
		doing: &str,
		call: impl Into<RuntimeCall>,
	) -> Result<Included, CliError> {
		let _progress = context.progress(format!("{doing}: waiting for a block"));
		self.chain
			.submit(&self.signer, call.into(), self.submit)
			.await
	}

	/// Whether to act on finalised blocks.
	pub fn finalized(&self) -> bool {
		self.submit.finalized
	}
}

/// Report of a transaction that succeeded.
#[derive(Serialize)]
pub struct Outcome {
	#[serde(skip)]
	text: String,
	#[serde(flatten)]
	fields: serde_json::Value,
	transaction: Included,
}

impl Outcome {
	/// `text` for people; `fields`, a JSON object, for programs.
	pub fn new(text: impl Into<String>, fields: serde_json::Value, transaction: Included) -> Self {
		Self {
			text: text.into(),
			fields,
			transaction,
		}
	}
}

impl fmt::Display for Outcome {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{} ({})", self.text, self.transaction)
	}
}
