//! A runtime with this pallet, and a chain to run tests on.

use crate as pallet_proof_verifier;
use crate::tests::fixture;
use frame_support::{
	derive_impl, ord_parameter_types, parameter_types,
	traits::{ConstU128, EitherOfDiverse},
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};
use inference_primitives::{traits::Network, Balance, ProtocolParameters, Tick};
use sp_runtime::BuildStorage;

type Block = frame_system::mocking::MockBlock<Test>;
type AccountId = u64;

/// Has funds.
pub const ALICE: AccountId = 1;
/// Has funds.
pub const BOB: AccountId = 2;
/// Has almost nothing.
pub const PAUPER: AccountId = 3;
/// What Alice and Bob have, planck.
pub const FUNDS: Balance = 1_000_000_000_000_000;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		ProofVerifier: pallet_proof_verifier,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
	type DbWeight = ParityDbWeight;
}

/// What a chain's database costs.
pub fn db() -> RuntimeDbWeight {
	<Test as frame_system::Config>::DbWeight::get()
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1>;
	type AccountStore = System;
}

parameter_types! {
	pub static Parameters: ProtocolParameters = ProtocolParameters::production();
	pub static Now: Tick = Tick(1);
	/// Whether it is a development chain.
	pub static Development: bool = true;
	pub static MaxVerifyWeight: Weight = Weight::from_parts(500_000_000_000, 0);
}

ord_parameter_types! {
	/// Who is trusted with an emergency.
	pub const Guard: AccountId = 9;
}

/// Parameters and a clock that tests set.
pub struct MockNetwork;

impl Network for MockNetwork {
	fn parameters() -> ProtocolParameters {
		Parameters::get()
	}

	fn now() -> Tick {
		Now::get()
	}

	fn is_serving() -> bool {
		true
	}

	fn is_development() -> bool {
		Development::get()
	}
}

impl pallet_proof_verifier::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = MockNetwork;
	type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
	type EmergencyOrigin = EitherOfDiverse<
		frame_system::EnsureRoot<AccountId>,
		frame_system::EnsureSignedBy<Guard, AccountId>,
	>;
	type MaxVerifyWeight = MaxVerifyWeight;
	type WeightInfo = ();
}

/// A chain before its first block.
pub struct ExtBuilder {
	setups: Vec<Vec<u8>>,
}

impl Default for ExtBuilder {
	/// The development setup is approved.
	fn default() -> Self {
		Self {
			setups: vec![fixture::setup().to_bytes().to_vec()],
		}
	}
}

impl ExtBuilder {
	/// With these setups.
	pub fn setups(self, setups: Vec<Vec<u8>>) -> Self {
		Self { setups }
	}

	/// With this limit on the weight of a verification.
	pub fn max_verify_weight(self, weight: Weight) -> Self {
		MaxVerifyWeight::set(weight);
		self
	}

	/// Builds the genesis.
	pub fn build(self) -> sp_io::TestExternalities {
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: vec![(ALICE, FUNDS), (BOB, FUNDS), (PAUPER, 10)],
				..Default::default()
			},
			proof_verifier: crate::GenesisConfig {
				setups: self.setups,
				..Default::default()
			},
			..Default::default()
		}
		.build_storage()
		.expect("the genesis is valid");
		storage.into()
	}

	/// Runs a test in block 1 and checks the pallet's invariants after it.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			System::set_block_number(1);
			test();
			ProofVerifier::do_try_state().expect("the invariants hold");
		});
	}
}
