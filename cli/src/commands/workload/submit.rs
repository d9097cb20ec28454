//! `inference workload submit`

use super::{
	watch::{self, Patience, Until},
	Context, Outcome, TransactionArgs,
};
use crate::{
	amount::Amount,
	chain::{AccountId, Runtime, RuntimeEvent},
	error::CliError,
	tensor,
};
use clap::ValueEnum;
use inference_circuits::Bundle;
use inference_primitives::{model::ModelView, Destination, Mode, ModelRef, Ticks};
use pallet_inference_market::{Call, Event};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// MODEL or MODEL.VERSION.
	model: ModelRef,
	/// Input as real numbers, row-major: a JSON array, numbers separated by commas, a file of
	/// either, or - for standard input.
	#[arg(long, allow_hyphen_values = true)]
	input: String,
	/// The model's bundle: checks that it is the registered one, and that it takes the input.
	#[arg(long, value_name = "DIR")]
	bundle: Option<PathBuf>,
	/// The most you pay for the inference and for verifying its proof; other fees come on top. `model
	/// show` has the least that is taken now. You pay the price of the node that is drawn, which never is
	/// above this: the more you bid, the more nodes can take it. What is left comes back when the
	/// workload has ended.
	#[arg(long, value_name = "AMOUNT")]
	max_price: Amount,
	/// When the proof is due: with the output, or after it.
	#[arg(long, value_enum, default_value_t = ModeArg::Deferred)]
	mode: ModeArg,
	/// Ticks of the service clock until the output at the latest; twice the least if absent.
	#[arg(long, value_name = "TICKS")]
	deadline: Option<u32>,
	/// What a false output could cost you before its proof is due: the worker's proof stake covers it,
	/// for a fee. Only with --mode deferred.
	#[arg(long, default_value = "0 INF", value_name = "AMOUNT")]
	value_at_risk: Amount,
	/// Wait for the workload's end and show it, as `workload watch` does.
	#[arg(long)]
	wait: bool,
	#[command(flatten)]
	patience: Patience,
	#[command(flatten)]
	transaction: TransactionArgs,
}

/// When the proof is due.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModeArg {
	/// After the output, which is delivered under a proof stake.
	Deferred,
	/// With the output.
	Immediate,
}

impl From<ModeArg> for Mode {
	fn from(mode: ModeArg) -> Self {
		match mode {
			ModeArg::Deferred => Self::Deferred,
			ModeArg::Immediate => Self::Immediate,
		}
	}
}

/// Checks that the bundle in `dir` is the registered model, and that it takes `input`.
fn check_bundle(dir: &Path, model: &ModelView<AccountId>, input: &[i64]) -> Result<(), CliError> {
	let bundle = Bundle::load(dir).map_err(|e| CliError::file("load bundle", dir, e))?;
	if bundle.vk_hash() != model.vk_hash {
		return Err(CliError::Usage(format!(
			"the bundle in {} is another model: its verifying key is {}, that of model {} is {}",
			dir.display(),
			bundle.vk_hash(),
			model.reference,
			model.vk_hash
		)));
	}
	bundle
		.execute(input)
		.map(|_| ())
		.map_err(|e| CliError::Usage(format!("input: {e}")))
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let values = tensor::read(&args.input)?;
	let session = args.transaction.open().await?;
	let at = session.chain.best().await?.hash;
	let model = session.chain.model(args.model, at).await?;
	let input = tensor::quantise(&values, &model.input)?;
	if let Some(dir) = &args.bundle {
		check_bundle(dir, &model, &input)?;
	}
	let deadline = match args.deadline {
		Some(ticks) => Ticks(ticks),
		None => {
			let parameters = session.chain.network_status(at).await?.parameters;
			Ticks(parameters.min_deadline.0.saturating_mul(2)).min(parameters.max_deadline)
		},
	};
	let call = Call::<Runtime>::submit_workload {
		model: args.model,
		input: input
			.try_into()
			.map_err(|_| CliError::Usage("the input is too large to post inline".to_owned()))?,
		destination: Destination::Local,
		mode: args.mode.into(),
		max_price: args.max_price.0,
		deadline,
		value_at_risk: args.value_at_risk.0,
	};
	let included = session.send(context, "submit workload", call).await?;
	let (workload, escrowed) = included.expect_event("WorkloadSubmitted", |event| match event {
		RuntimeEvent::InferenceMarket(Event::WorkloadSubmitted {
			workload, escrowed, ..
		}) => Some((*workload, Amount(*escrowed))),
		_ => None,
	})?;
	if args.wait {
		let finalized = session.finalized();
		let chain = &session.chain;
		return watch::wait_and_print(
			context,
			chain,
			workload,
			Until::End,
			finalized,
			args.patience,
		)
		.await;
	}
	context.print(&Outcome::new(
		format!("workload {workload} submitted, {escrowed} in escrow"),
		json!({
			"workload": workload,
			"model": args.model.to_string(),
			"mode": Mode::from(args.mode),
			"escrowed": escrowed,
			"deadline": deadline,
		}),
		included,
	))
}
