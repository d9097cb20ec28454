//! Amounts of money on the command line: exact, without floats.

use inference_primitives::{parameters::UNIT, Balance};
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Decimal digits of one INF.
const DECIMALS: usize = 12;
/// The token's symbol, as chain specifications have it.
const SYMBOL: &str = "INF";

/// An amount in planck. Read from `12.5 INF` (or, as it was once written, `12.5 UNIT`) or a whole
/// number of planck; written as INF in text and as a string of planck in JSON, where numbers of this
/// size would lose digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Amount(pub Balance);

/// Text that is no [`Amount`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AmountError {
	/// No digits, or other characters among them.
	#[error("expected an amount such as \"12.5 INF\" or a whole number of planck, got {0:?}")]
	NotANumber(String),
	/// A decimal point without INF.
	#[error("planck are whole; did you mean \"{0} INF\"?")]
	FractionOfPlanck(String),
	/// More than [`DECIMALS`] digits after the point.
	#[error("an INF has {DECIMALS} decimal digits, got {0}")]
	TooFine(usize),
	/// A unit that does not exist.
	#[error("unknown unit {0:?}; expected INF or planck")]
	UnknownUnit(String),
	/// More than a balance can hold.
	#[error("the amount is larger than any balance")]
	TooLarge,
}

/// Digits as a number; `_` may separate them. An empty text is zero.
fn digits(text: &str, whole: &str) -> Result<Balance, AmountError> {
	text.chars()
		.filter(|c| *c != '_')
		.try_fold(0, |sum: Balance, c| {
			let digit = c
				.to_digit(10)
				.ok_or_else(|| AmountError::NotANumber(whole.to_owned()))?;
			sum.checked_mul(10)
				.and_then(|sum| sum.checked_add(digit.into()))
				.ok_or(AmountError::TooLarge)
		})
}

impl FromStr for Amount {
	type Err = AmountError;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		let text = text.trim();
		let split = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
		let (number, unit) = text.split_at(split);
		let (number, unit) = (number.trim(), unit.trim());
		if !number.contains(|c: char| c.is_ascii_digit()) {
			return Err(AmountError::NotANumber(text.to_owned()));
		}
		let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
		if unit.eq_ignore_ascii_case(SYMBOL) || unit.eq_ignore_ascii_case("unit") {
			let fine: String = fraction.chars().filter(|c| *c != '_').collect();
			if fine.len() > DECIMALS {
				return Err(AmountError::TooFine(fine.len()));
			}
			let whole = digits(whole, text)?
				.checked_mul(UNIT)
				.ok_or(AmountError::TooLarge)?;
			let fraction = digits(&format!("{fine:0<DECIMALS$}"), text)?;
			whole
				.checked_add(fraction)
				.map(Self)
				.ok_or(AmountError::TooLarge)
		} else if unit.is_empty() || unit.eq_ignore_ascii_case("planck") {
			if number.contains('.') {
				return Err(AmountError::FractionOfPlanck(number.to_owned()));
			}
			digits(number, text).map(Self)
		} else {
			Err(AmountError::UnknownUnit(unit.to_owned()))
		}
	}
}

impl fmt::Display for Amount {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let (whole, fraction) = (self.0 / UNIT, self.0 % UNIT);
		let fraction = format!("{fraction:0>DECIMALS$}");
		let fraction = fraction.trim_end_matches('0');
		let point = if fraction.is_empty() { "" } else { "." };
		f.pad(&format!("{whole}{point}{fraction} {SYMBOL}"))
	}
}

impl Serialize for Amount {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(&self.0)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parse(text: &str) -> Result<Balance, AmountError> {
		text.parse::<Amount>().map(|amount| amount.0)
	}

	#[test]
	fn units_and_planck_are_read_exactly() {
		assert_eq!(parse("12.5 INF"), Ok(12_500_000_000_000));
		assert_eq!(parse("12.5INF"), Ok(12_500_000_000_000));
		assert_eq!(parse(" .5 inf "), Ok(500_000_000_000));
		assert_eq!(parse("0.000000000001 INF"), Ok(1));
		assert_eq!(parse("1_000_000 INF"), Ok(1_000_000 * UNIT));
		// The symbol's old name.
		assert_eq!(parse("12.5 UNIT"), Ok(12_500_000_000_000));
		assert_eq!(parse("1unit"), Ok(UNIT));
		assert_eq!(parse("42"), Ok(42));
		assert_eq!(parse("42 planck"), Ok(42));
		assert_eq!(parse(&Balance::MAX.to_string()), Ok(Balance::MAX));
	}

	#[test]
	fn each_mistake_is_named() {
		use AmountError::*;
		assert_eq!(parse("12.5"), Err(FractionOfPlanck("12.5".into())));
		assert_eq!(parse("1 DOT"), Err(UnknownUnit("DOT".into())));
		assert_eq!(parse("0.0000000000001 INF"), Err(TooFine(13)));
		assert_eq!(
			parse("340282366920938463463374607431768211456"),
			Err(TooLarge)
		);
		assert_eq!(parse("340282366920938463463374608 INF"), Err(TooLarge));
		for text in ["", "UNIT", "-5", "1.2.3 INF", "1,5 INF", ".", "_", "1e3"] {
			assert!(parse(text).is_err(), "{text:?}");
		}
	}

	#[test]
	fn text_reads_back_and_json_is_a_string_of_planck() {
		for planck in [0, 1, UNIT - 1, UNIT, 12_500_000_000_000, Balance::MAX] {
			assert_eq!(parse(&Amount(planck).to_string()), Ok(planck));
		}
		assert_eq!(Amount(12_500_000_000_000).to_string(), "12.5 INF");
		assert_eq!(Amount(0).to_string(), "0 INF");
		let json = serde_json::to_string(&Amount(Balance::MAX)).unwrap();
		assert_eq!(json, "\"340282366920938463463374607431768211455\"");
	}
}
