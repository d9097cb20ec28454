//! `pallet-transaction-payment`: transaction fees.

use crate::{Balance, Balances, Runtime, RuntimeEvent};
use frame_support::{
	parameter_types,
	traits::ConstU8,
	weights::{
		ConstantMultiplier, WeightToFeeCoefficient, WeightToFeeCoefficients, WeightToFeePolynomial,
	},
};
use inference_primitives::parameters::UNIT;
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_runtime::{traits::One, FixedPointNumber, Perbill, Perquintill};

parameter_types! {
	/// One thousandth of a token per KiB.
	pub const TransactionByteFee: Balance = UNIT / 1_000 / 1_024;
	/// How full of normal transactions blocks may be before fees rise, of what these may fill.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(50);
	/// Fees rise by half a percent a full block, and fall as much an empty one: they double, or halve,
	/// in 139 blocks (14 minutes of six-second blocks). Filling blocks for the 2,400 of a proof
	/// deadline meets the greatest multiplier after 922; a full block of a minute changes little.
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(1, 100);
	/// Fees never fall below the prices of an empty chain.
	pub MinimumMultiplier: Multiplier = Multiplier::one();
	/// Fees rise to a hundred times at most: 15 tokens for a full block of normal transactions. A
	/// worker's account must be able to lay out the fee of a proof, which comes back: at most 2.5
	/// tokens for the largest key, 0.07 for one of 5 ms.
	pub MaximumMultiplier: Multiplier = Multiplier::saturating_from_integer(100);
}

/// Fees follow how full blocks are of normal transactions.
pub type FeeAdjustment = TargetedFeeAdjustment<
	Runtime,
	TargetBlockFullness,
	AdjustmentVariable,
	MinimumMultiplier,
	MaximumMultiplier,
>;

/// A tenth of a token per second of computing time, before the multiplier.
pub struct WeightToFee;
impl WeightToFeePolynomial for WeightToFee {
	type Balance = Balance;

	fn polynomial() -> WeightToFeeCoefficients<Balance> {
		let per_second =
			Balance::from(frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND);
		let fee = UNIT / 10;
		core::iter::once(WeightToFeeCoefficient {
			degree: 1,
			negative: false,
			coeff_integer: fee / per_second,
			coeff_frac: Perbill::from_rational(fee % per_second, per_second),
		})
		.collect()
	}
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type OnChargeTransaction = FungibleAdapter<Balances, ()>;
	type WeightToFee = WeightToFee;
	type LengthToFee = ConstantMultiplier<Balance, TransactionByteFee>;
	type FeeMultiplierUpdate = FeeAdjustment;
	type OperationalFeeMultiplier = ConstU8<5>;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
