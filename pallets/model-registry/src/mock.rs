//! A runtime with this pallet, a verifier that counts references, and a chain to run tests on.

use crate as pallet_model_registry;
use crate::*;
use frame_support::{
	derive_impl, dispatch::DispatchResult, parameter_types, storage::unhashed, traits::ConstU128,
	weights::Weight,
};
use inference_primitives::{
	binding, hashing::blake2_256, parameters::UNIT, traits::KeyInfo, ComputeUnits,
	ProtocolParameters, Statement, Tick, Visibility, VkHash,
};
use sp_runtime::{BuildStorage, DispatchError};

type Block = frame_system::mocking::MockBlock<Test>;
pub type AccountId = u64;

/// Has funds.
pub const ALICE: AccountId = 1;
/// Has funds.
pub const BOB: AccountId = 2;
/// Can pay the fee, but no deposit besides.
pub const PAUPER: AccountId = 3;
/// Gets the fees.
pub const TREASURY: AccountId = 9;
/// What Alice and Bob have, planck.
pub const FUNDS: Balance = 1_000_000 * UNIT;
/// What the treasury has, planck.
pub const TREASURY_FUNDS: Balance = 1;
/// Compute units of every key of the mock.
pub const KEY_UNITS: ComputeUnits = ComputeUnits(7);
/// Greatest royalty.
pub const MAX_ROYALTY: Balance = 5 * UNIT;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		ModelRegistry: pallet_model_registry,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1>;
	type AccountStore = System;
}

parameter_types! {
	pub static Parameters: ProtocolParameters = ProtocolParameters::production();
	pub const Treasury: AccountId = TREASURY;
}

/// Parameters that tests set.
pub struct MockNetwork;

impl Network for MockNetwork {
	fn parameters() -> ProtocolParameters {
		Parameters::get()
	}

	fn now() -> Tick {
		Tick(1)
	}

	fn is_serving() -> bool {
		true
	}

	fn is_development() -> bool {
		true
	}
}

/// A verifier whose keys are their number of public inputs, four bytes little-endian, and what they hold of
/// tensors and circuit. It counts references in storage, so that they roll back with a failed call.
pub struct MockVerifier;

/// The hash of a key of the mock.
pub fn vk_hash(key: &[u8]) -> VkHash {
	VkHash(blake2_256(key))
}

/// References to a key of the mock.
pub fn references(vk_hash: VkHash) -> u32 {
	unhashed::get_or_default(&vk_hash.0)
}

impl ProofVerifier<AccountId> for MockVerifier {
	fn register_key(
		_depositor: &AccountId,
		_system: ProofSystem,
		_setup: SetupId,
		key: &[u8],
	) -> Result<KeyInfo, DispatchError> {
		let no_key = || DispatchError::Other("no key");
		let (bytes, binding) = key.split_first_chunk().ok_or_else(no_key)?;
		let binding = binding.try_into().map_err(|_| no_key())?;
		let vk_hash = vk_hash(key);
		unhashed::put(&vk_hash.0, &(references(vk_hash) + 1));
		Ok(KeyInfo {
			vk_hash,
			compute_units: KEY_UNITS,
			public_inputs: u32::from_le_bytes(*bytes),
			binding,
		})
	}

	fn release_key(vk_hash: VkHash) -> DispatchResult {
		let left = references(vk_hash)
			.checked_sub(1)
			.ok_or(DispatchError::Other("no reference"))?;
		unhashed::put(&vk_hash.0, &left);
		Ok(())
	}

	fn verify(
		_vk_hash: VkHash,
		_statement: &Statement,
		_input: &[i64],
		_output: &[i64],
		_proof: &[u8],
	) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}

	fn end_of_life(_vk_hash: VkHash) -> Option<Tick> {
		None
	}

	fn is_disabled(_vk_hash: VkHash) -> bool {
		false
	}

	fn verify_weight(_vk_hash: VkHash) -> Weight {
		Weight::zero()
	}

	fn max_verify_weight() -> Weight {
		Weight::zero()
	}

	fn register_weight(key_bytes: u32) -> Weight {
		Weight::from_parts(u64::from(key_bytes) * 1_000, 0)
	}
}

impl pallet_model_registry::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = MockNetwork;
	type ProofVerifier = MockVerifier;
	type Treasury = Treasury;
	type MaxRoyalty = ConstU128<MAX_ROYALTY>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = MockVerifier;
}

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper for MockVerifier {
	fn public_inputs() -> u32 {
		6
	}

	fn key(binding: [u8; 32]) -> BenchmarkKey {
		let Registration { system, setup, .. } = registration();
		BenchmarkKey {
			system,
			setup,
			key: key(6, binding).into_inner(),
		}
	}
}

/// A chain before its first block.
#[derive(Default)]
pub struct ExtBuilder {
	fee_floor: Option<Balance>,
}

impl ExtBuilder {
	/// With this floor of the registration fee.
	pub fn fee_floor(self, floor: Balance) -> Self {
		Self {
			fee_floor: Some(floor),
		}
	}

	/// Builds the genesis.
	pub fn build(self) -> sp_io::TestExternalities {
		let fee_floor = self.fee_floor.unwrap_or(10 * UNIT);
		Parameters::mutate(|p| p.registration_fee_floor = fee_floor);
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: vec![
					(ALICE, FUNDS),
					(BOB, FUNDS),
					(PAUPER, fee_floor + 10),
					(TREASURY, TREASURY_FUNDS),
				],
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
			ModelRegistry::do_try_state().expect("the invariants hold");
		});
	}
}

/// A tensor of so many values.
pub fn spec(values: u32) -> TensorSpec {
	TensorSpec {
		shape: vec![values],
		scale_bits: 12,
		min: -4096,
		max: 4096,
		visibility: Visibility::Public,
	}
}

/// A key of so many public inputs that holds `binding`.
pub fn key(
	public_inputs: u32,
	binding: [u8; 32],
) -> frame_support::BoundedVec<u8, frame_support::traits::ConstU32<MAX_VK_BYTES>> {
	let bytes = [&public_inputs.to_le_bytes()[..], &binding].concat();
	bytes.try_into().unwrap()
}

/// The circuit of [`registration`].
pub const CIRCUIT: Hash = [3; 32];

/// A registration that passes every check: three inputs, two outputs.
pub fn registration() -> Registration {
	Registration {
		name: b"linear".to_vec().try_into().unwrap(),
		system: ProofSystem::Halo2,
		setup: SetupId([1; 32]),
		key: key(6, binding(&spec(3), &spec(2), &CIRCUIT)),
		input: spec(3),
		output: spec(2),
		royalty: UNIT,
		bundle_hash: [2; 32],
		circuit_hash: CIRCUIT,
	}
}

/// Registers a model with any fee.
pub fn register(by: AccountId, registration: Registration) -> DispatchResult {
	register_for(by, registration, Balance::MAX)
}

/// Registers a model.
pub fn register_for(by: AccountId, r: Registration, max_fee: Balance) -> DispatchResult {
	ModelRegistry::register_model(
		RuntimeOrigin::signed(by),
		r.name,
		r.system,
		r.setup,
		r.key,
		r.input,
		r.output,
		r.royalty,
		r.bundle_hash,
		max_fee,
		r.circuit_hash,
	)
}

/// Registers a version of a model with any fee.
pub fn register_version(by: AccountId, model: u32, r: Registration) -> DispatchResult {
	ModelRegistry::register_version(
		RuntimeOrigin::signed(by),
		ModelId(model),
		r.name,
		r.system,
		r.setup,
		r.key,
		r.input,
		r.output,
		r.royalty,
		r.bundle_hash,
		Balance::MAX,
		r.circuit_hash,
	)
}

/// A version's identifier.
pub fn at(model: u32, version: u16) -> ModelRef {
	ModelRef {
		model: ModelId(model),
		version,
	}
}

/// Starts the next block.
pub fn next_block() {
	System::set_block_number(System::block_number() + 1);
}

/// Moves a version to a status, step by step.
pub fn advance(by: AccountId, model: ModelRef, status: ModelStatus) {
	let origin = || RuntimeOrigin::signed(by);
	if status >= ModelStatus::Active {
		ModelRegistry::activate(origin(), model).unwrap();
	}
	if status >= ModelStatus::Deprecated {
		ModelRegistry::deprecate(origin(), model).unwrap();
	}
	if status >= ModelStatus::Retired {
		ModelRegistry::retire(origin(), model).unwrap();
	}
}
