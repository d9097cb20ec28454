//! `inference node limits`, and the arguments that limit what one workload may ask and say what the node asks.

use super::{membership, Context, Outcome};
use crate::{amount::Amount, chain::Runtime, error::CliError};
use inference_primitives::{node::Limits, Balance, PriceMultiplier};
use pallet_node_pool::Call;
use serde::Serialize;
use serde_json::json;
use std::fmt;

/// Limits that limit nothing.
const OPEN: Limits = Limits {
	max_value_at_risk: Balance::MAX,
	max_proof_stake: Balance::MAX,
	min_work_price: 0,
	multiplier: PriceMultiplier::ONE,
};

/// What one workload may ask of a node, and what the node asks. What is not given is not limited; a
/// multiplier that is not given stays as it is.
#[derive(Clone, Copy, Default, clap::Args)]
pub struct LimitArgs {
	/// Most value at risk of one workload: the node is drawn for no order that insures more.
	#[arg(long, value_name = "AMOUNT")]
	max_value_at_risk: Option<Amount>,
	/// Most proof stake of one workload. It is a multiple of the price, the creator's royalty included,
	/// and the value at risk; what a missed deadline costs grows with the same price.
	#[arg(long, value_name = "AMOUNT")]
	max_proof_stake: Option<Amount>,
	/// Least price of one workload, without the creator's royalty and the fee for verifying. While the
	/// node's present price is below it when an epoch begins, the node is not drawn for the model in that
	/// epoch.
	#[arg(long, value_name = "AMOUNT")]
	min_price: Option<Amount>,
	/// The multiple of the base price that the node asks: from 1 to 100, with at most two decimals. What it
	/// asks now is kept if this is not given; a node that joins asks 1. Its operator is paid the floor price times it. An order that bids less is not drawn to the
	/// node, and the proof stake grows with it.
	#[arg(long, value_name = "DECIMAL")]
	multiplier: Option<PriceMultiplier>,
}

impl LimitArgs {
	/// The limits of a node that asks `asked` so far. `None` if they limit nothing, at the base price.
	pub fn limits(self, asked: PriceMultiplier) -> Option<Limits> {
		let most = |amount: Option<Amount>| amount.map_or(Balance::MAX, |amount| amount.0);
		let limits = Limits {
			max_value_at_risk: most(self.max_value_at_risk),
			max_proof_stake: most(self.max_proof_stake),
			min_work_price: self.min_price.map_or(0, |amount| amount.0),
			multiplier: self.multiplier.unwrap_or(asked),
		};
		(limits != OPEN).then_some(limits)
	}
}

/// Limits, those that limit something.
#[derive(Clone, Copy, Default, Serialize)]
pub struct Shown {
	max_value_at_risk: Option<Amount>,
	max_proof_stake: Option<Amount>,
	min_price: Option<Amount>,
	/// A decimal, as text.
	multiplier: Option<PriceMultiplier>,
}

impl From<Limits> for Shown {
	fn from(limits: Limits) -> Self {
		let unless = |open, amount| (amount != open).then_some(Amount(amount));
		Self {
			max_value_at_risk: unless(Balance::MAX, limits.max_value_at_risk),
			max_proof_stake: unless(Balance::MAX, limits.max_proof_stake),
			min_price: unless(0, limits.min_work_price),
			multiplier: Some(limits.multiplier).filter(|asked| *asked != PriceMultiplier::ONE),
		}
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let asks = self
			.multiplier
			.map(|multiplier| format!("asks {multiplier} times the base price"));
		let words: Vec<String> = [
			("value at risk at most", self.max_value_at_risk),
			("proof stake at most", self.max_proof_stake),
			("price without royalty at least", self.min_price),
		]
		.into_iter()
		.filter_map(|(name, limit)| Some(format!("{name} {}", limit?)))
		.chain(asks)
		.collect();
		if words.is_empty() {
			return f.write_str("none");
		}
		f.write_str(&words.join(", "))
	}
}

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
	#[command(flatten)]
	pool: membership::Args,
	#[command(flatten)]
	limits: LimitArgs,
}

/// Limits.
pub async fn run(context: Context, args: Args) -> Result<(), CliError> {
	let membership::Args {
		node,
		model,
		transaction,
	} = args.pool;
	let session = transaction.open().await?;
	let at = session.chain.best().await?.hash;
	let view = session.chain.node(node, at).await?;
	let present = view.limits.into_iter().find(|(of, _)| *of == model);
	let asked = Limits::multiplier_of(present.map(|(_, limits)| limits));
	let limits = args.limits.limits(asked);
	let shown = limits.map_or_else(Shown::default, Shown::from);
	let call = Call::<Runtime>::set_limits {
		node,
		model,
		limits,
	};
	let included = session.send(context, "node limits", call).await?;
	context.print(&Outcome::new(
		format!(
			"limits of node {} for one workload of model {model}, from the next epoch on: {shown}",
			node.0,
		),
		json!({ "node": node, "model": model.to_string(), "limits": shown }),
		included,
	))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_not_given_is_not_limited() {
		assert_eq!(LimitArgs::default().limits(PriceMultiplier::ONE), None);
		let limits = LimitArgs {
			max_value_at_risk: Some(Amount(0)),
			..LimitArgs::default()
		}
		.limits(PriceMultiplier::ONE)
		.unwrap();
		assert!(limits.admit(0, Balance::MAX, 0));
		assert!(!limits.admit(1, 0, 1));
		let shown = Shown::from(limits);
		assert_eq!(
			shown.to_string(),
			format!("value at risk at most {}", Amount(0))
		);
		// Numbers of this size are text in JSON.
		let json = serde_json::to_value(shown).unwrap();
		assert_eq!(json["max_proof_stake"], json!(null));
		assert_eq!(json["max_value_at_risk"], json!("0"));
		assert_eq!(json["multiplier"], json!(null));
		assert_eq!(Shown::default().to_string(), "none");
	}

	#[test]
	fn a_multiplier_that_is_not_given_stays_as_it_is() {
		let asked: PriceMultiplier = "1.25".parse().unwrap();
		let kept = LimitArgs::default().limits(asked).unwrap();
		assert_eq!(kept.multiplier, asked);
		assert!(kept.admit(Balance::MAX, Balance::MAX, 0));
		let limited = LimitArgs {
			min_price: Some(Amount(7)),
			..LimitArgs::default()
		}
		.limits(asked)
		.unwrap();
		assert_eq!((limited.multiplier, limited.min_work_price), (asked, 7));
		let back = LimitArgs {
			multiplier: Some(PriceMultiplier::ONE),
			..LimitArgs::default()
		};
		assert_eq!(back.limits(asked), None);
	}

	#[test]
	fn a_multiplier_alone_limits_nothing_else() {
		let limits = LimitArgs {
			multiplier: Some("1.25".parse().unwrap()),
			..LimitArgs::default()
		}
		.limits(PriceMultiplier::ONE)
		.unwrap();
		assert_eq!(limits.multiplier.hundredths(), 125);
		assert!(limits.admit(Balance::MAX, Balance::MAX, 0));
		let shown = Shown::from(limits);
		assert_eq!(shown.to_string(), "asks 1.25 times the base price");
		let json = serde_json::to_value(shown).unwrap();
		assert_eq!(json["multiplier"], json!("1.25"));
	}
}
