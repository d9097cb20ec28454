//! `inference model list`

use super::{Context, Model};
use crate::{
	chain::{Chain, ChainArgs},
	error::CliError,
};
use inference_primitives::ModelId;
use serde::Serialize;
use std::fmt;

/// Most model versions that a node returns at once.
const MAX: u32 = 100;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	/// First model's number.
	#[arg(long, default_value_t = 0)]
	from: u32,
	/// Most versions to list.
	#[arg(long, default_value_t = MAX, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX)))]
	limit: u32,
	#[command(flatten)]
	chain: ChainArgs,
}

/// Model versions in order.
#[derive(Serialize)]
struct Report {
	models: Vec<Model>,
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		if self.models.is_empty() {
			return write!(f, "no models");
		}
		writeln!(
			f,
			"{:<8}  {:<10}  {:>6}  {:<24}  name",
			"model", "status", "CU", "price now"
		)?;
		for model in &self.models {
			writeln!(
				f,
				"{:<8}  {:<10}  {:>6}  {:<24}  {}",
				model.model,
				format!("{:?}", model.status),
				model.compute_units,
				model.price_now,
				model.name
			)?;
		}
		Ok(())
	}
}

/// Runs the command.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let chain = Chain::connect(&args.chain).await?;
	let at = chain.best().await?.hash;
	let views = chain.models(ModelId(args.from), args.limit, at).await?;
	let mut models = Vec::with_capacity(views.len());
	for view in views {
		let price = chain.price(view.reference, at).await?;
		models.push(Model::new(view, price));
	}
	context.print(&Report { models })
}
