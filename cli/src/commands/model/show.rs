//! `inference model show`

use super::{Context, Model};
use crate::{
	chain::{Chain, ChainArgs},
	error::CliError,
};
use inference_primitives::ModelRef;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// MODEL or MODEL.VERSION.
	model: ModelRef,
	#[command(flatten)]
	chain: ChainArgs,
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	let at = chain.best().await?.hash;
	let view = chain.model(args.model, at).await?;
	let price = chain.price(args.model, at).await?;
	context.print(&Model::new(view, price))
}
