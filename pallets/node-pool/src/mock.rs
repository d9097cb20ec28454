//! A runtime with this pallet over real stakes and parameters, and a chain to run tests on.

use crate as pallet_node_pool;
use frame_support::{
	assert_ok, derive_impl,
	dispatch::DispatchResult,
	parameter_types,
	traits::{ConstU128, ConstU32, Hooks},
	weights::Weight,
};
use inference_primitives::{
	model::ModelView, node::WorkerConsent, traits::Assignment, GenesisHash,
};
use inference_primitives::{
	parameters::UNIT,
	price::{Bid, StakeTerms},
	traits::{DrawRequest, Drawn, Models, NodePool as PoolTrait, Orders},
	Balance, ComputeUnits, Hash, Mode, ModelId, ModelRef, ModelStatus, NodeId, ProofSystem,
	SetupId, TensorSpec, Tick, Ticks, Visibility, VkHash,
};
use sp_runtime::{testing::TestSignature, BuildStorage};

type Block = frame_system::mocking::MockBlock<Test>;
/// Account identifiers.
pub type AccountId = u64;

/// Operators with [`FUNDS`]; the worker of operator n is n × 10 or n × 10 + 1.
pub const ALICE: AccountId = 1;
/// Another operator.
pub const BOB: AccountId = 2;
/// Another operator.
pub const CAROL: AccountId = 3;
/// Another operator.
pub const DAVE: AccountId = 4;
/// A user that operates no node.
pub const USER: AccountId = 9;
/// What an operator begins with, planck.
pub const FUNDS: Balance = 100_000 * UNIT;
/// Most nodes in a pool.
pub const MAX_POOL: u32 = 3;
/// Most models of a node.
pub const MAX_MODELS: u32 = 2;
/// Most nodes of an operator.
pub const MAX_NODES: u32 = 2;
/// Parameters for development: blocks of an epoch.
pub const EPOCH: u64 = 45;
/// Parameters for development: backlog bound.
pub const BACKLOG: u64 = 20;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		NetworkParameters: pallet_network_parameters,
		WorkerStaking: pallet_worker_staking,
		NodePool: pallet_node_pool,
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

impl pallet_network_parameters::Config for Test {
	type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
	type EmergencyOrigin = frame_system::EnsureRoot<AccountId>;
	type WeightInfo = ();
	type BlockAuthor = ();
	type HoldsClock = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_worker_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type MaxUnbondingChunks = ConstU32<4>;
	type WeightInfo = ();
}

parameter_types! {
	/// Members of pools whose snapshots a block takes.
	pub static MaxSnapshotMembers: u32 = 64;
	/// The least proof stake of every workload.
	pub static LeastStake: Balance = 0;
	/// The present price of a compute unit.
	pub static BasePrice: Balance = UNIT / 10_000;
	/// Compute units of one inference by any model.
	pub static ModelUnits: u64 = 1;
}

/// [`LeastStake`] and [`BasePrice`].
pub struct MockOrders;

impl Orders for MockOrders {
	fn work_price(compute_units: ComputeUnits) -> Balance {
		BasePrice::get() * Balance::from(compute_units.0)
	}

	fn verification_fee(_: VkHash, _: u32) -> Balance {
		0
	}

	fn least_proof_stake(_: u32) -> Balance {
		LeastStake::get()
	}
}

impl pallet_node_pool::Config for Test {
	type Network = NetworkParameters;
	type Stakes = WorkerStaking;
	type Models = MockModels;
	type MaxPoolNodes = ConstU32<MAX_POOL>;
	type MaxModelsPerNode = ConstU32<MAX_MODELS>;
	type MaxNodesPerOperator = ConstU32<MAX_NODES>;
	type MaxSnapshotMembers = MaxSnapshotMembers;
	type Orders = MockOrders;
	type WeightInfo = ();
	type WorkerSignature = TestSignature;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Benchmarks;
}

/// What the benchmarks need.
#[cfg(feature = "runtime-benchmarks")]
pub struct Benchmarks;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId, TestSignature> for Benchmarks {
	fn bond(operator: &AccountId) {
		assert_ok!(WorkerStaking::benchmark_operator(operator));
	}

	fn ledger_key(operator: &AccountId) -> Vec<u8> {
		pallet_worker_staking::Ledgers::<Test>::hashed_key_for(operator)
	}

	fn model(_: ModelRef) {}

	fn worker(seed: u32) -> AccountId {
		1_000 + AccountId::from(seed)
	}

	fn sign(worker: &AccountId, message: &[u8]) -> TestSignature {
		TestSignature(*worker, message.to_vec())
	}
}

/// The model with this number.
pub const fn model(id: u32) -> ModelRef {
	ModelRef {
		model: ModelId(id),
		version: 1,
	}
}

/// A model that is no longer sold but to be moved away from.
pub const DEPRECATED: ModelRef = model(100);
/// A model that is not for sale yet.
pub const DRAFT: ModelRef = model(101);
/// A model that is not for sale any more.
pub const RETIRED: ModelRef = model(102);
/// A model that does not exist.
pub const UNKNOWN: ModelRef = model(103);

/// Models below 100 are active; the others as the constants say.
pub struct MockModels;

impl Models<AccountId> for MockModels {
	fn model(reference: ModelRef) -> Option<ModelView<AccountId>> {
		let status = match reference {
			DEPRECATED => ModelStatus::Deprecated,
			DRAFT => ModelStatus::Draft,
			RETIRED => ModelStatus::Retired,
			ModelRef {
				model: ModelId(id), ..
			} if id < 100 => ModelStatus::Active,
			_ => return None,
		};
		let tensor = TensorSpec {
			shape: vec![1],
			scale_bits: 0,
			min: 0,
			max: 1,
			visibility: Visibility::Public,
		};
		Some(ModelView {
			reference,
			creator: USER,
			name: Vec::new(),
			status,
			system: ProofSystem::Halo2,
			setup: SetupId::default(),
			vk_hash: VkHash::default(),
			input: tensor.clone(),
			output: tensor,
			compute_units: ComputeUnits(ModelUnits::get()),
			royalty: 0,
			bundle_hash: Hash::default(),
			in_flight: 0,
			settled: 0,
		})
	}

	fn start_workload(_: ModelRef) -> DispatchResult {
		Ok(())
	}

	fn end_workload(_: ModelRef, _: bool) {}
}

/// A chain before its first block: Alice, Bob, Carol and Dave have bonded half of their funds.
pub fn new_test_ext() -> sp_io::TestExternalities {
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: [ALICE, BOB, CAROL, DAVE, USER]
				.map(|who| (who, FUNDS))
				.to_vec(),
			..Default::default()
		},
		network_parameters: pallet_network_parameters::GenesisConfig {
			development: true,
			..Default::default()
		},
		..Default::default()
	}
	.build_storage()
	.expect("the genesis is valid");
	let mut ext = sp_io::TestExternalities::from(storage);
	ext.execute_with(|| {
		MaxSnapshotMembers::set(64);
		LeastStake::set(0);
		BasePrice::set(UNIT / 10_000);
		ModelUnits::set(1);
		System::set_block_number(1);
		for operator in [ALICE, BOB, CAROL, DAVE] {
			assert_ok!(WorkerStaking::bond(
				RuntimeOrigin::signed(operator),
				FUNDS / 2
			));
		}
	});
	ext
}

/// Checks the invariants of all pallets.
pub fn check_state() {
	WorkerStaking::do_try_state().expect("the invariants of stakes hold");
	NodePool::do_try_state().expect("the invariants of node pools hold");
}

/// Runs a test from block 1 on, and checks the pallets' invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		check_state();
	});
}

/// Runs blocks up to `block`, hooks in the runtime's order.
pub fn run_to_block(block: u64) {
	while System::block_number() < block {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		NetworkParameters::on_initialize(next);
		let used = NodePool::on_initialize(next);
		assert!(used.all_lte(NodePool::max_hook_weight()));
	}
}

/// Runs up to the first block of the next epoch.
pub fn next_epoch() {
	run_to_block(u64::from(crate::EpochStart::<Test>::get()) + EPOCH);
}

/// Registers a node.
pub fn register(operator: AccountId, worker: AccountId, capacity: u64) -> NodeId {
	let id = crate::NextNodeId::<Test>::get();
	assert_ok!(NodePool::register_node(
		RuntimeOrigin::signed(operator),
		worker,
		ComputeUnits(capacity),
		consent(worker, operator)
	));
	id
}

/// The worker's agreement to work for the operator.
pub fn consent(worker: AccountId, operator: AccountId) -> TestSignature {
	let message = WorkerConsent {
		genesis: GenesisHash(System::block_hash(0).to_fixed_bytes()),
		operator: &operator,
		used: crate::UsedConsents::<Test>::get(operator),
	}
	.message();
	TestSignature(worker, message.to_vec())
}

/// Lets a node join a model.
pub fn join(operator: AccountId, node: NodeId, model: ModelRef) {
	assert_ok!(NodePool::join_model(
		RuntimeOrigin::signed(operator),
		node,
		model
	));
}

/// Registers a node that serves model 1 from the next epoch on.
pub fn serve(operator: AccountId, worker: AccountId, capacity: u64) -> NodeId {
	let node = register(operator, worker, capacity);
	join(operator, node, model(1));
	node
}

/// A draw of a deferred workload of the user for model 1, with time enough.
pub fn request(seed: u8, compute_units: u64) -> DrawRequest<'static, AccountId> {
	DrawRequest {
		model: model(1),
		submitter: &USER,
		seed: [seed; 32],
		excluded: &[],
		compute_units: ComputeUnits(compute_units),
		bid: Bid {
			work: BasePrice::get() * Balance::from(compute_units),
			..locking(UNIT)
		},
		mode: Mode::Deferred,
		proving_backlog: Ticks(u32::MAX),
		latest: Tick(u32::MAX),
	}
}

/// A bid for one compute unit that locks so much stake, whatever its price.
pub fn locking(proof_stake: Balance) -> Bid {
	Bid {
		work: BasePrice::get(),
		most: Balance::MAX,
		on_top: 0,
		stake: StakeTerms {
			multiple: 0,
			least: proof_stake,
			value_at_risk: 0,
		},
	}
}

impl NodePool {
	/// A draw that is its block's first, of a pool that is open. Returns what it weighs, too.
	pub fn draw(request: &DrawRequest<AccountId>) -> (Drawn<AccountId>, Weight) {
		let mut draws = <Self as PoolTrait<AccountId>>::begin_draws();
		draws.open(request.model);
		<Self as PoolTrait<AccountId>>::draw_next(&mut draws, request)
	}
}

/// Draws.
pub fn draw(request: &DrawRequest<AccountId>) -> Option<Assignment<AccountId>> {
	match NodePool::draw(request).0 {
		Drawn::Assigned(assignment) => Some(assignment),
		Drawn::Busy | Drawn::Unfit => None,
	}
}

/// Delivers an output.
pub fn deliver(node: NodeId, compute_units: u64) {
	<NodePool as PoolTrait<AccountId>>::deliver(node, ComputeUnits(compute_units));
}

/// Proves a delivered output, or misses its proof.
pub fn settle(node: NodeId, compute_units: u64) {
	<NodePool as PoolTrait<AccountId>>::settle(node, ComputeUnits(compute_units));
}

/// Misses a delivery.
pub fn miss(node: NodeId, compute_units: u64) {
	<NodePool as PoolTrait<AccountId>>::count_miss(node);
	<NodePool as PoolTrait<AccountId>>::miss(node, ComputeUnits(compute_units), false);
}

/// Declines work of model 1.
pub fn decline(node: NodeId, compute_units: u64) {
	<NodePool as PoolTrait<AccountId>>::decline(node, model(1), ComputeUnits(compute_units), false);
}

/// Misses a proof.
pub fn miss_proof(node: NodeId, compute_units: u64) {
	<NodePool as PoolTrait<AccountId>>::miss_proof(node, ComputeUnits(compute_units), false);
}

/// Delivers and proves.
pub fn complete(node: NodeId, compute_units: u64) {
	deliver(node, compute_units);
	settle(node, compute_units);
}

/// What a node owes: compute units not delivered, and not proven.
pub fn load(id: NodeId) -> (u64, u64) {
	let node = node(id);
	(node.outstanding.0, node.proving.0)
}

/// A stored node.
pub fn node(id: NodeId) -> crate::Node<AccountId, ConstU32<MAX_MODELS>> {
	NodePool::node(id).expect("the node exists")
}
