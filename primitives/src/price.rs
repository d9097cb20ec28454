//! What a workload costs on a node that asks a multiple of the base price, and the stake that it
//! locks there.
//!
//! **Terms.**
//! - *work*: compute units × a price per compute unit, planck: what the work costs at a multiplier of
//!   one;
//! - *on top*: royalty and verification fee, planck: parts of each price, which no multiplier raises;
//! - *price* on a node: ⌈work × multiplier⌉ + on top. Each assignment has its own; the base price of all of
//!   a workload's draws is that of the first.
//!
//! **Rounding.** Against the operator: what a user pays for the work is rounded up to a planck, what of
//! it an operator is due is rounded down. So a multiplier of one changes neither.

use crate::{
	parameters::{permille_of, Permille},
	Balance, ComputeUnits,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{fmt, str::FromStr};
use scale_info::TypeInfo;
use serde::{Serialize, Serializer};

/// The multiple of the base price that an operator asks for a node's work, in hundredths: from
/// [`Self::ONE`] to [`Self::MOST`].
///
/// Decoding takes any number: who stores one checks it by [`Self::is_in_range`].
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct PriceMultiplier(u16);

/// Hundredths of one.
const HUNDREDTHS: u16 = 100;

impl PriceMultiplier {
	/// The base price itself.
	pub const ONE: Self = Self(HUNDREDTHS);
	/// A hundred times the base price.
	pub const MOST: Self = Self(100 * HUNDREDTHS);

	/// A multiplier of so many hundredths.
	pub fn from_hundredths(hundredths: u16) -> Result<Self, MultiplierError> {
		let multiplier = Self(hundredths);
		if multiplier.is_in_range() {
			Ok(multiplier)
		} else {
			Err(MultiplierError::OutOfRange)
		}
	}

	/// How many hundredths it is.
	pub fn hundredths(self) -> u16 {
		self.0
	}

	/// The weight in draws of a node that asks this and serves so many compute units per block, in
	/// hundredths of a compute unit: who asks twice as much is drawn half as often. At least one if the
	/// node serves anything.
	pub fn weight(self, served: ComputeUnits) -> u64 {
		// Saturating: no bond covers so much. A multiplier in range is at most the factor.
		let scaled = served.0.saturating_mul(u64::from(Self::MOST.0));
		(scaled / u64::from(self.0).max(1)).max(served.0.min(1))
	}

	/// Whether it is one that an operator may ask.
	pub fn is_in_range(self) -> bool {
		(Self::ONE..=Self::MOST).contains(&self)
	}

	/// `work` times this, planck, rounded up: what a user pays. `None` on overflow.
	pub fn charge(self, work: Balance) -> Option<Balance> {
		work.checked_mul(self.0.into())
			.map(|product| product.div_ceil(HUNDREDTHS.into()))
	}

	/// `work` times this, planck, rounded down: what an operator is due. `None` on overflow.
	pub fn earn(self, work: Balance) -> Option<Balance> {
		work.checked_mul(self.0.into())
			.map(|product| product / Balance::from(HUNDREDTHS))
	}
}

impl Default for PriceMultiplier {
	fn default() -> Self {
		Self::ONE
	}
}

/// Written as a decimal: `1`, `1.5`, `1.25`.
impl fmt::Display for PriceMultiplier {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let (whole, part) = (self.0 / HUNDREDTHS, self.0 % HUNDREDTHS);
		match (part, part % 10) {
			(0, _) => write!(f, "{whole}"),
			(_, 0) => write!(f, "{whole}.{}", part / 10),
			_ => write!(f, "{whole}.{part:02}"),
		}
	}
}

/// As text, as in [`fmt::Display`]: a reader's floats would not be exact.
impl Serialize for PriceMultiplier {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(self)
	}
}

/// Why something is no [`PriceMultiplier`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MultiplierError {
	/// It lies below one or above a hundred.
	OutOfRange,
	/// The text is no decimal number.
	NotADecimal,
	/// The text has more than two decimals.
	TooFine,
}

impl fmt::Display for MultiplierError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::OutOfRange => "a multiplier lies between 1 and 100",
			Self::NotADecimal => "expected a decimal such as 1.25",
			Self::TooFine => "a multiplier has at most two decimals, such as 1.25",
		})
	}
}

impl core::error::Error for MultiplierError {}

/// Reads a decimal with at most two decimals, exactly.
impl FromStr for PriceMultiplier {
	type Err = MultiplierError;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
		let is_number =
			|digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
		if !is_number(whole) || !is_number(part) {
			return Err(MultiplierError::NotADecimal);
		}
		// Digits only: what does not fit is too large.
		let number = |digits: &str| {
			digits
				.parse::<u16>()
				.map_err(|_| MultiplierError::OutOfRange)
		};
		let (whole, part) = match part.len() {
			1 => (number(whole)?, number(part)?.saturating_mul(10)),
			2 => (number(whole)?, number(part)?),
			_ => return Err(MultiplierError::TooFine),
		};
		whole
			.checked_mul(HUNDREDTHS)
			.and_then(|hundredths| hundredths.checked_add(part))
			.ok_or(MultiplierError::OutOfRange)
			.and_then(Self::from_hundredths)
	}
}

/// What decides a workload's proof stake: `multiple` of the price, but at least `least`, and the value
/// at risk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StakeTerms {
	/// The multiple of the price.
	pub multiple: Permille,
	/// Least stake besides the value at risk, planck.
	pub least: Balance,
	/// Value at risk V, planck.
	pub value_at_risk: Balance,
}

impl StakeTerms {
	/// The proof stake at this price, planck. `None` on overflow.
	pub fn at(&self, price: Balance) -> Option<Balance> {
		permille_of(price, self.multiple)?
			.max(self.least)
			.checked_add(self.value_at_risk)
	}
}

/// What a workload brings to a draw: how its price and its proof stake follow from what a node asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bid {
	/// The work, planck, at a multiplier of one.
	pub work: Balance,
	/// The most that the price may be, planck.
	pub most: Balance,
	/// Royalty and verification fee, planck.
	pub on_top: Balance,
	/// What decides its proof stake.
	pub stake: StakeTerms,
}

/// What a workload pays and locks on a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quote {
	/// Price, planck.
	pub price: Balance,
	/// The part of it that is neither royalty nor verification fee, planck.
	pub work_price: Balance,
	/// Proof stake, planck.
	pub proof_stake: Balance,
}

impl Bid {
	/// What the workload pays and locks on a node that asks this multiplier. `None` if it does not pay
	/// what the node asks, or on overflow. Price and stake never fall as the multiplier rises: who gets
	/// a quote at one gets it at all lower ones.
	pub fn quote(&self, multiplier: PriceMultiplier) -> Option<Quote> {
		let price = multiplier
			.charge(self.work)?
			.checked_add(self.on_top)
			.filter(|price| *price <= self.most)?;
		Some(Quote {
			price,
			// Saturating: it is a part of each price.
			work_price: price.saturating_sub(self.on_top),
			proof_stake: self.stake.at(price)?,
		})
	}
}

/// What the nodes of a pool's snapshot offer. One node need not offer all of it.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct PoolOffer {
	/// The greatest stake that an operator could lock for one workload, planck.
	pub reach: Balance,
	/// The least multiple of the base price that a node asks.
	pub least: PriceMultiplier,
	/// The least multiple at which nodes with a sixteenth of the pool's weight serve: what an order must
	/// pay at least.
	pub going: PriceMultiplier,
	/// The least at which nodes with a half of it serve: what one must pay at least when many wait.
	pub crowded: PriceMultiplier,
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::string::ToString;
	use proptest::prelude::*;

	fn multiplier(hundredths: u16) -> PriceMultiplier {
		PriceMultiplier::from_hundredths(hundredths).unwrap()
	}

	fn bid_of(work: Balance, on_top: Balance, most: Balance) -> Bid {
		Bid {
			work,
			most,
			on_top,
			stake: StakeTerms {
				multiple: 1_500,
				least: 0,
				value_at_risk: 0,
			},
		}
	}

	#[test]
	fn a_multiplier_lies_between_one_and_a_hundred() {
		for hundredths in [100, 101, 10_000] {
			assert_eq!(multiplier(hundredths).hundredths(), hundredths);
		}
		for hundredths in [0, 1, 99, 10_001, u16::MAX] {
			assert_eq!(
				PriceMultiplier::from_hundredths(hundredths),
				Err(MultiplierError::OutOfRange)
			);
			// Bytes are not checked before somebody does.
			let decoded = PriceMultiplier::decode(&mut &hundredths.encode()[..]).unwrap();
			assert!(!decoded.is_in_range());
		}
		assert_eq!(PriceMultiplier::default(), PriceMultiplier::ONE);
	}

	#[test]
	fn decimals_are_read_and_written_exactly() {
		for (text, hundredths, written) in [
			("1", 100, "1"),
			("1.0", 100, "1"),
			("1.00", 100, "1"),
			("1.25", 125, "1.25"),
			("1.05", 105, "1.05"),
			("1.5", 150, "1.5"),
			("2.50", 250, "2.5"),
			("100", 10_000, "100"),
			("007.1", 710, "7.1"),
		] {
			assert_eq!(text.parse(), Ok(multiplier(hundredths)), "{text}");
			assert_eq!(multiplier(hundredths).to_string(), written);
			let json = serde_json::to_value(multiplier(hundredths)).unwrap();
			assert_eq!(json, written);
		}
	}

	#[test]
	fn what_is_no_decimal_in_range_is_refused_with_the_reason() {
		use MultiplierError::*;
		for (text, error) in [
			("", NotADecimal),
			(".", NotADecimal),
			(".5", NotADecimal),
			("1.", NotADecimal),
			("-1", NotADecimal),
			("+1", NotADecimal),
			("1e1", NotADecimal),
			("1,5", NotADecimal),
			("1.2.3", NotADecimal),
			("NaN", NotADecimal),
			(" 1", NotADecimal),
			("1.250", TooFine),
			("1.001", TooFine),
			("0.99", OutOfRange),
			("0", OutOfRange),
			("100.01", OutOfRange),
			("655.36", OutOfRange),
			("99999999999999999999", OutOfRange),
		] {
			assert_eq!(text.parse::<PriceMultiplier>(), Err(error), "{text}");
		}
	}

	#[test]
	fn a_user_pays_what_is_rounded_up_and_an_operator_is_due_what_is_rounded_down() {
		assert_eq!(multiplier(125).charge(3), Some(4));
		assert_eq!(multiplier(125).earn(3), Some(3));
		assert_eq!(multiplier(125).charge(4), multiplier(125).earn(4));
		assert_eq!(
			PriceMultiplier::MOST.charge(Balance::MAX / 10_000 + 1),
			None
		);
		assert_eq!(PriceMultiplier::MOST.earn(Balance::MAX), None);
	}

	#[test]
	fn a_bid_that_pays_less_than_a_node_asks_gets_no_quote() {
		let bid = bid_of(1_000, 77, 1_327);
		let quote = bid.quote(multiplier(125)).unwrap();
		assert_eq!((quote.price, quote.work_price), (1_327, 1_250));
		assert_eq!(quote.proof_stake, 1_990);
		assert_eq!(bid.quote(multiplier(126)), None);
		assert_eq!(
			bid_of(Balance::MAX, 0, Balance::MAX).quote(PriceMultiplier::ONE),
			None
		);
	}

	#[test]
	fn who_asks_more_weighs_less_and_never_nothing() {
		let weight = |hundredths, served| multiplier(hundredths).weight(ComputeUnits(served));
		assert_eq!(weight(100, 30), 3_000);
		assert_eq!(weight(200, 30), 1_500);
		assert_eq!(weight(300, 1), 33);
		// Even one unit of the dearest: so dividing a pledge among many nodes adds no weight.
		assert_eq!(weight(10_000, 1), 1);
		assert_eq!(weight(10_000, 7), 7);
		assert_eq!(weight(10_000, 0), 0);
		assert!(weight(100, u64::MAX) > 0);
	}

	proptest! {
		#[test]
		fn nobody_pays_more_than_the_bid_and_dearer_nodes_never_cost_less(
			work in 0..Balance::MAX >> 32,
			on_top in 0..Balance::MAX >> 16,
			most in 0..Balance::MAX >> 15,
			least in 0..1_000u128,
			value_at_risk in 0..Balance::MAX / 4,
			(low, high) in (100..=10_000u16, 100..=10_000u16),
		) {
			let bid = Bid {
				stake: StakeTerms { multiple: 1_500, least, value_at_risk },
				..bid_of(work, on_top, most)
			};
			let (low, high) = (multiplier(low.min(high)), multiplier(low.max(high)));
			if let Some(dear) = bid.quote(high) {
				prop_assert!(dear.price <= most);
				prop_assert_eq!(dear.price - on_top, dear.work_price);
				prop_assert!(dear.proof_stake >= value_at_risk);
				let cheap = bid.quote(low).unwrap();
				prop_assert!(cheap.price <= dear.price && cheap.proof_stake <= dear.proof_stake);
				// What the operator is due is in what the user pays.
				prop_assert!(high.earn(work).unwrap() <= dear.work_price);
			}
		}
	}
}
