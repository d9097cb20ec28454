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
use pallet_transaction_payment::{ConstFeeMultiplier, FungibleAdapter, Multiplier};
use sp_runtime::{traits::One, Perbill};

parameter_types! {
	/// One thousandth of a token per KiB.
	pub const TransactionByteFee: Balance = UNIT / 1_000 / 1_024;
	pub FeeMultiplier: Multiplier = Multiplier::one();
}

/// A tenth of a token per second of computing time.
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
	type FeeMultiplierUpdate = ConstFeeMultiplier<FeeMultiplier>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
