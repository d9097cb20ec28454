//! A runtime with the real balances, stakes, node pools and parameters, small models, proofs and
//! VRF outputs, and a chain to run tests on.

use crate::{self as pallet_inference_market, Admission, OperationalCalls};
use frame_support::{
	assert_ok, derive_impl,
	dispatch::{DispatchResult, PostDispatchInfo},
	ensure, parameter_types, storage_alias,
	traits::{fungible::Inspect, ConstU128, ConstU32, Hooks},
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight, WeightToFee},
	Blake2_128Concat, PalletId,
};
use inference_primitives::{
	hashing::tagged_hash,
	model::ModelView,
	node::WorkerConsent,
	parameters::UNIT,
	traits::{KeyInfo, Models, ParentVrf, ProofVerifier},
	Balance, ComputeUnits, Destination, GenesisHash, Hash, Mode, ModelId, ModelRef, ModelStatus,
	NodeId, ProofSystem, ProtocolParameters, SetupId, Statement, TensorSpec, Tick, Ticks,
	Visibility, VkHash, WorkloadId, STATEMENT_VERSION,
};
use sp_runtime::{testing::TestSignature, traits::Convert, BuildStorage, DispatchError};

type Block = frame_system::mocking::MockBlock<Test>;
/// Account identifiers.
pub type AccountId = u64;

/// A user with [`FUNDS`].
pub const USER: AccountId = 1;
/// Another user.
pub const OTHER_USER: AccountId = 2;
/// Creator of all models; has nothing.
pub const CREATOR: AccountId = 3;
/// The treasury; has nothing.
pub const TREASURY: AccountId = 4;
/// Neither user nor operator; has [`FUNDS`].
pub const STRANGER: AccountId = 5;
/// Whose operational calls are admitted.
pub const GOVERNOR: AccountId = 6;
pub const CLERK: AccountId = 8;
/// An operator with [`FUNDS`], half of them bonded. The worker of operator n is n × 10.
pub const ALICE: AccountId = 10;
/// Another operator.
pub const BOB: AccountId = 20;
/// Another operator.
pub const CAROL: AccountId = 30;
/// Another operator.
pub const DAVE: AccountId = 40;

/// What users and operators begin with, planck.
pub const FUNDS: Balance = 100_000 * UNIT;
/// Least balance of an account, planck.
pub const EXISTENTIAL_DEPOSIT: Balance = 1_000;
/// Compute units of an inference of each model.
pub const COMPUTE_UNITS: u64 = 30;
/// Royalty of each model, planck. Odd, so that roundings show.
pub const ROYALTY: Balance = 1_000_003;
/// Most workloads in a model's queue.
pub const MAX_QUEUED: u32 = 40;
/// Most models with a queue.
pub const MAX_SERVED: u32 = 3;
/// The input of every workload.
pub const INPUT: [i64; 2] = [3, -4];
/// The output that workers deliver.
pub const OUTPUT: [i64; 1] = [12];
/// Weight of every verification, unless [`PresentVerifyWeight`] is set.
pub const VERIFY_WEIGHT: Weight = Weight::from_parts(1_000, 0);
/// Weight of the most expensive verification.
pub const MAX_VERIFY_WEIGHT: Weight = Weight::from_parts(5_000, 0);

/// Weight of the heaviest proof's transaction: a tenth of a block.
pub const HEAVIEST_PROOF: Weight = Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND / 10, 32 * 1_024);

/// What other pallets' hooks take of a block's idle weight: a hundredth.
pub const OTHER_IDLE_WORK: Weight = Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND / 100, 0);

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		NetworkParameters: pallet_network_parameters,
		Balances: pallet_balances,
		WorkerStaking: pallet_worker_staking,
		NodePool: pallet_node_pool,
		Market: pallet_inference_market,
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
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
}

impl pallet_network_parameters::Config for Test {
	type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
	type EmergencyOrigin = frame_system::EnsureRoot<AccountId>;
	type WeightInfo = ();
	type BlockAuthor = BlockAuthor;
	type HoldsClock = Market;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_worker_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type MaxUnbondingChunks = ConstU32<8>;
	type WeightInfo = ();
}

impl pallet_node_pool::Config for Test {
	type Network = NetworkParameters;
	type Stakes = WorkerStaking;
	type Models = MockModels;
	type MaxPoolNodes = ConstU32<16>;
	type MaxModelsPerNode = ConstU32<8>;
	type MaxNodesPerOperator = ConstU32<4>;
	type Orders = Market;
	type MaxSnapshotMembers = ConstU32<256>;
	type WeightInfo = ();
	type WorkerSignature = TestSignature;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Benchmarks;
}

parameter_types! {
	pub const MarketPalletId: PalletId = PalletId(*b"inf/mrkt");
	pub const TreasuryAccount: AccountId = TREASURY;
	pub const HeaviestProof: Weight = HEAVIEST_PROOF;
	pub const IdleReserve: Weight = HEAVIEST_PROOF.saturating_add(OTHER_IDLE_WORK);
	/// Makes the VRF outputs of a test differ from another's.
	pub static VrfSalt: u8 = 0;
	/// Whether blocks have VRF outputs.
	pub static HasVrf: bool = true;
	/// Who makes blocks, if tests let authors report finality.
	pub static BlockAuthor: Option<AccountId> = None;
	/// What an upgrade of the runtime changes.
	pub static SubmittedVersion: u8 = STATEMENT_VERSION;
	/// From when proofs for [`MODEL`] are refused.
	pub static EndOfLife: Option<Tick> = None;
	/// Most models with a queue.
	pub static MaxServedModels: u32 = MAX_SERVED;
	/// Weight of a block's draws.
	pub static MaxDrawWeight: Weight = Weight::MAX;
	/// Weight of a verification now.
	pub static PresentVerifyWeight: Weight = VERIFY_WEIGHT;
}

impl pallet_inference_market::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Network = NetworkParameters;
	type Models = MockModels;
	type NodePool = NodePool;
	type Stakes = WorkerStaking;
	type ProofVerifier = MockVerifier;
	type ParentVrf = MockVrf;
	type Treasury = TreasuryAccount;
	type ForkDomain = ConstU32<7>;
	type PalletId = MarketPalletId;
	type MaxQueuedPerModel = ConstU32<MAX_QUEUED>;
	type MaxServedModels = MaxServedModels;
	type WeightInfo = ();
	type GovernanceOrigin = frame_system::EnsureRoot<AccountId>;
	type MaxDrawWeight = MaxDrawWeight;
	type OrderFee = MockFee;
	type OperationalCalls = Governor;
	type HeaviestProof = HeaviestProof;
	type IdleReserve = IdleReserve;
	type StatementVersion = SubmittedVersion;
	type WeightToFee = ChainRate;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Benchmarks;
}

/// What the benchmarks need.
#[cfg(feature = "runtime-benchmarks")]
pub struct Benchmarks;

#[cfg(feature = "runtime-benchmarks")]
impl pallet_node_pool::benchmarking::BenchmarkHelper<AccountId, TestSignature> for Benchmarks {
	fn bond(operator: &AccountId) {
		assert_ok!(WorkerStaking::benchmark_operator(operator));
	}

	fn ledger_key(operator: &AccountId) -> Vec<u8> {
		pallet_worker_staking::Ledgers::<Test>::hashed_key_for(operator)
	}

	fn model(model: ModelRef) {
		add_model(model);
	}

	fn worker(seed: u32) -> AccountId {
		1_000 + AccountId::from(seed)
	}

	fn sign(worker: &AccountId, message: &[u8]) -> TestSignature {
		TestSignature(*worker, message.to_vec())
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Benchmarks {
	fn model(model: ModelRef, inputs: u32, outputs: u32) {
		add_model(model);
		change_model(model, |view| {
			view.input.shape = vec![inputs];
			view.output.shape = vec![outputs];
		});
	}

	fn operator(operator: &AccountId) {
		assert_ok!(WorkerStaking::benchmark_operator(operator));
	}

	fn node(model: ModelRef, operator: &AccountId, worker: &AccountId) -> NodeId {
		NodePool::benchmark_node(model, operator, worker)
	}

	fn set_now(now: Tick) {
		pallet_network_parameters::ServiceClock::<Test>::put(now);
	}
}

/// [`GOVERNOR`] may all, [`CLERK`] one at a time.
pub struct Governor;

impl OperationalCalls<AccountId, RuntimeCall> for Governor {
	fn admission(who: &AccountId, _call: &RuntimeCall) -> Admission {
		match *who {
			GOVERNOR => Admission::Any,
			CLERK => Admission::OneAtATime,
			_ => Admission::No,
		}
	}
}

/// Transaction fee of every order, planck.
pub const ORDER_FEE: Balance = 7;

/// What an order adds to the transaction fee of a batch that has one already, planck.
pub const FURTHER_ORDER_FEE: Balance = 2;

/// Every order's transaction costs the same.
pub struct MockFee;

impl Convert<(u32, bool), Balance> for MockFee {
	fn convert((_, first): (u32, bool)) -> Balance {
		if first {
			ORDER_FEE
		} else {
			FURTHER_ORDER_FEE
		}
	}
}

/// Lets a block draw so many workloads, each at the first candidate, if that many models have a turn.
pub fn limit_draws(draws: u32, turns: u32) {
	use crate::WeightInfo;
	use pallet_node_pool::WeightInfo as _;
	type Weights = <Test as crate::Config>::WeightInfo;
	type PoolWeights = <Test as pallet_node_pool::Config>::WeightInfo;
	let draw = Weights::look()
		.saturating_add(PoolWeights::draw(1))
		.saturating_add(PoolWeights::reserve())
		.saturating_add(Weights::assign());
	let turn = Weights::serve_model()
		.saturating_add(Weights::void_check())
		.saturating_add(PoolWeights::open_pool());
	MaxDrawWeight::set(
		Weights::serve_queues(MaxServedModels::get())
			.saturating_add(turn.saturating_mul(turns.into()))
			// A draw begins only if all of its candidates may be tried.
			.saturating_add(draw.saturating_mul(draws.saturating_sub(1).into()))
			.saturating_add(Market::attempt_weight()),
	);
}

/// A tenth of a planck per picosecond, as the runtime has it.
pub struct ChainRate;

impl WeightToFee for ChainRate {
	type Balance = Balance;

	fn weight_to_fee(weight: &Weight) -> Balance {
		Balance::from(weight.ref_time()) / 10
	}
}

/// Each block's VRF output is a hash of its number and the test's salt.
pub struct MockVrf;

impl ParentVrf for MockVrf {
	fn parent_vrf() -> Option<Hash> {
		HasVrf::get().then(|| tagged_hash(b"vrf", &(VrfSalt::get(), System::block_number())))
	}
}

/// Models in storage, so that failing calls leave them as they were.
#[storage_alias]
type StoredModels = StorageMap<MockModelRegistry, Blake2_128Concat, ModelRef, ModelView<AccountId>>;

/// A registry of models that tests write to.
pub struct MockModels;

impl Models<AccountId> for MockModels {
	fn model(model: ModelRef) -> Option<ModelView<AccountId>> {
		StoredModels::get(model)
	}

	fn start_workload(model: ModelRef) -> DispatchResult {
		StoredModels::mutate(model, |stored| {
			let view = stored
				.as_mut()
				.ok_or(DispatchError::Other("unknown model"))?;
			ensure!(view.status < ModelStatus::Retired, "model not for sale");
			view.in_flight += 1;
			Ok(())
		})
	}

	fn end_workload(model: ModelRef, settled: bool) {
		StoredModels::mutate(model, |stored| {
			let view = stored
				.as_mut()
				.expect("a model with workloads in flight stays");
			view.in_flight = view
				.in_flight
				.checked_sub(1)
				.expect("each workload ends once");
			view.settled += u64::from(settled);
		});
	}
}

/// Keys that tests disabled, in storage for the same reason.
#[storage_alias]
type DisabledKeys = StorageMap<MockModelRegistry, Blake2_128Concat, VkHash, ()>;

/// Disables the key of a model.
pub fn disable(reference: ModelRef) {
	DisabledKeys::insert(vk_hash_of(reference), ());
}

/// Accepts [`proof_of`] the statement only.
pub struct MockVerifier;

impl ProofVerifier<AccountId> for MockVerifier {
	fn register_key(
		_: &AccountId,
		_: ProofSystem,
		_: SetupId,
		_: &[u8],
	) -> Result<KeyInfo, DispatchError> {
		Err(DispatchError::Other("not used by the market"))
	}

	fn release_key(_: VkHash) -> DispatchResult {
		Err(DispatchError::Other("not used by the market"))
	}

	fn verify(
		vk_hash: VkHash,
		statement: &Statement,
		input: &[i64],
		output: &[i64],
		proof: &[u8],
	) -> DispatchResult {
		let rebuilt = Statement::new(statement.header.clone(), input, output);
		ensure!(rebuilt == *statement, "statement and tensors differ");
		ensure!(
			statement.header.supported_version().is_some(),
			"statement of an unknown version"
		);
		ensure!(
			vk_hash == statement.header.vk_hash,
			"statement of another key"
		);
		let ended = Self::end_of_life(vk_hash).is_some_and(|end| now() >= end);
		ensure!(!ended, "proofs under this key have ended");
		ensure!(proof == proof_of(statement), REFUSED);
		Ok(())
	}

	fn end_of_life(vk_hash: VkHash) -> Option<Tick> {
		EndOfLife::get().filter(|_| vk_hash == vk_hash_of(MODEL))
	}

	fn is_disabled(vk_hash: VkHash) -> bool {
		DisabledKeys::contains_key(vk_hash)
	}

	fn verify_weight(_: VkHash) -> Weight {
		PresentVerifyWeight::get()
	}

	fn max_verify_weight() -> Weight {
		MAX_VERIFY_WEIGHT.max(PresentVerifyWeight::get())
	}

	fn register_weight(_: u32) -> Weight {
		Weight::zero()
	}
}

/// What [`MockVerifier`] says of a false proof.
pub const REFUSED: &str = "proof refused";

/// The proof of a statement.
pub fn proof_of(statement: &Statement) -> Vec<u8> {
	[b"valid".as_slice(), &statement.hash()].concat()
}

/// The model with this number.
pub const fn model(id: u32) -> ModelRef {
	ModelRef {
		model: ModelId(id),
		version: 1,
	}
}

/// The verifying key of a model.
pub fn vk_hash_of(reference: ModelRef) -> VkHash {
	VkHash([reference.model.0 as u8; 32])
}

/// The model that most tests use.
pub const MODEL: ModelRef = model(1);

/// Registers an active model.
pub fn add_model(reference: ModelRef) {
	let tensor = |len| TensorSpec {
		shape: vec![len],
		scale_bits: 0,
		min: -100,
		max: 100,
		visibility: Visibility::Public,
	};
	let view = ModelView {
		reference,
		creator: CREATOR,
		name: b"mock".to_vec(),
		status: ModelStatus::Active,
		system: ProofSystem::Halo2,
		setup: SetupId::default(),
		vk_hash: vk_hash_of(reference),
		input: tensor(2),
		output: tensor(1),
		compute_units: ComputeUnits(COMPUTE_UNITS),
		royalty: ROYALTY,
		bundle_hash: Hash::default(),
		in_flight: 0,
		settled: 0,
	};
	StoredModels::insert(reference, view);
}

/// Changes a model's record.
pub fn change_model(reference: ModelRef, change: impl FnOnce(&mut ModelView<AccountId>)) {
	StoredModels::mutate(reference, |stored| {
		change(stored.as_mut().expect("the model exists"))
	});
}

/// A chain with models 1 to 4 and no nodes.
pub struct ExtBuilder {
	nodes: Vec<(AccountId, u64)>,
	parameters: ProtocolParameters,
}

impl Default for ExtBuilder {
	/// Development parameters, with a small queue-slot fee.
	fn default() -> Self {
		Self {
			nodes: Vec::new(),
			parameters: ProtocolParameters {
				// So little that it is not the least that a miss costs; tests of that set more.
				queue_slot_fee: UNIT / 10_000,
				..ProtocolParameters::development()
			},
		}
	}
}

impl ExtBuilder {
	/// With nodes of these operators and capacities, that serve models 1 and 2 from the first
	/// epoch on. An operator's first node has worker n × 10, its second n × 10 + 1, and so on.
	pub fn nodes(mut self, nodes: &[(AccountId, u64)]) -> Self {
		self.nodes.extend(nodes);
		self
	}

	/// With changed parameters.
	pub fn parameters(mut self, change: impl FnOnce(&mut ProtocolParameters)) -> Self {
		change(&mut self.parameters);
		self
	}

	/// Builds the chain and runs it to the first block of the first epoch.
	pub fn build(self) -> sp_io::TestExternalities {
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: [USER, OTHER_USER, STRANGER, ALICE, BOB, CAROL, DAVE]
					.map(|who| (who, FUNDS))
					.to_vec(),
				..Default::default()
			},
			..Default::default()
		}
		.build_storage()
		.expect("the genesis is valid");
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.execute_with(|| {
			HasVrf::set(true);
			BlockAuthor::set(None);
			EndOfLife::set(None);
			MaxServedModels::set(MAX_SERVED);
			MaxDrawWeight::set(Weight::MAX);
			PresentVerifyWeight::set(VERIFY_WEIGHT);
			SubmittedVersion::set(STATEMENT_VERSION);
			System::set_block_number(1);
			self.parameters
				.check()
				.expect("the parameters keep the inequalities");
			pallet_network_parameters::Parameters::<Test>::put(self.parameters);
			(1..=4).for_each(|id| add_model(model(id)));
			for operator in [ALICE, BOB, CAROL, DAVE] {
				assert_ok!(WorkerStaking::bond(
					RuntimeOrigin::signed(operator),
					FUNDS / 2
				));
			}
			for (operator, capacity) in self.nodes {
				let count = pallet_node_pool::OperatorNodes::<Test>::get(operator).len() as u64;
				serve(
					operator,
					operator * 10 + count,
					capacity,
					&[model(1), model(2)],
				);
			}
			run_to_block(u64::from(self.parameters.node_epoch));
		});
		ext
	}

	/// Runs a test from the first block of the first epoch on; then checks the invariants of all
	/// pallets, and that no money was made or lost.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			let issuance = Balances::total_issuance();
			test();
			check_state();
			assert_eq!(Balances::total_issuance(), issuance);
		});
	}
}

/// Checks the invariants of all pallets, and that balances sum to the issuance.
pub fn check_state() {
	NetworkParameters::do_try_state().expect("the invariants of parameters hold");
	WorkerStaking::do_try_state().expect("the invariants of stakes hold");
	NodePool::do_try_state().expect("the invariants of node pools hold");
	Market::do_try_state().expect("the invariants of the market hold");
	let sum: Balance = frame_system::Account::<Test>::iter_keys()
		.map(|who| Balances::total_balance(&who))
		.sum();
	assert_eq!(sum, Balances::total_issuance());
}

/// Runs blocks up to `block`, hooks in the runtime's order.
pub fn run_to_block(block: u64) {
	while System::block_number() < block {
		let next = System::block_number() + 1;
		NetworkParameters::on_finalize(next - 1);
		Market::on_finalize(next - 1);
		System::set_block_number(next);
		NetworkParameters::on_initialize(next);
		NodePool::on_initialize(next);
		let used = Market::on_initialize(next);
		assert!(used.all_lte(Market::max_hook_weight()));
	}
}

/// Runs so many blocks, whose author sees `finalised` as the latest final one.
pub fn run_blocks_without_finality(blocks: u32, finalised: u64) {
	BlockAuthor::set(Some(STRANGER));
	for _ in 0..blocks {
		run_blocks(1);
		assert_ok!(NetworkParameters::report_finality(
			RuntimeOrigin::none(),
			finalised as u32
		));
	}
}

/// Runs so many blocks.
pub fn run_blocks(blocks: u32) {
	run_to_block(System::block_number() + u64::from(blocks));
}

/// Runs blocks until the service clock shows `tick`.
pub fn run_to_tick(tick: Tick) {
	run_blocks(tick.since(now()).0);
	assert_eq!(now(), tick);
}

/// The service clock.
pub fn now() -> Tick {
	pallet_network_parameters::ServiceClock::<Test>::get()
}

/// The parameters in force.
pub fn parameters() -> ProtocolParameters {
	pallet_network_parameters::Parameters::<Test>::get()
}

/// Changes the parameters in force as governance does.
pub fn set_parameters(change: impl FnOnce(&mut ProtocolParameters)) {
	let mut parameters = parameters();
	change(&mut parameters);
	assert_ok!(NetworkParameters::set_parameters(
		RuntimeOrigin::root(),
		parameters
	));
}

/// Registers a node that serves models from the next epoch on.
pub fn serve(operator: AccountId, worker: AccountId, capacity: u64, models: &[ModelRef]) -> NodeId {
	let origin = RuntimeOrigin::signed(operator);
	let id = pallet_node_pool::NextNodeId::<Test>::get();
	assert_ok!(NodePool::register_node(
		origin.clone(),
		worker,
		ComputeUnits(capacity),
		consent(worker, operator)
	));
	for model in models {
		assert_ok!(NodePool::join_model(origin.clone(), id, *model));
	}
	id
}

/// A worker's agreement to work for an operator.
pub fn consent(worker: AccountId, operator: AccountId) -> TestSignature {
	let message = WorkerConsent {
		genesis: GenesisHash(Market::genesis_hash()),
		operator: &operator,
		used: pallet_node_pool::UsedConsents::<Test>::get(operator),
	}
	.message();
	TestSignature(worker, message.to_vec())
}

/// Runs up to the first block of the next epoch.
pub fn next_epoch() {
	let epoch = pallet_node_pool::Epoch::<Test>::get();
	while pallet_node_pool::Epoch::<Test>::get() == epoch {
		run_blocks(1);
	}
}

/// An order, with a submitter.
#[derive(Clone, Debug)]
pub struct Order {
	/// Who submits it.
	pub submitter: AccountId,
	/// Model to use.
	pub model: ModelRef,
	/// Input tensor.
	pub input: Vec<i64>,
	/// When the proof is due.
	pub mode: Mode,
	/// Highest price, planck.
	pub max_price: Balance,
	/// Time until the output.
	pub deadline: Ticks,
	/// Value at risk, planck.
	pub value_at_risk: Balance,
}

impl Default for Order {
	/// A deferred order of the user for [`MODEL`], at twice the price, with 200 ticks.
	fn default() -> Self {
		Self {
			submitter: USER,
			model: MODEL,
			input: INPUT.to_vec(),
			mode: Mode::Deferred,
			max_price: 2 * price(),
			deadline: Ticks(200),
			value_at_risk: 0,
		}
	}
}

impl Order {
	/// An order whose output comes with the proof.
	pub fn immediate() -> Self {
		Self {
			mode: Mode::Immediate,
			..Self::default()
		}
	}

	/// Tries to submit it.
	pub fn try_submit(self) -> DispatchResult {
		Market::submit_workload(
			RuntimeOrigin::signed(self.submitter),
			self.model,
			self.input.try_into().expect("the input fits"),
			Destination::Local,
			self.mode,
			self.max_price,
			self.deadline,
			self.value_at_risk,
		)
	}

	/// Submits it.
	pub fn submit(self) -> WorkloadId {
		assert_ok!(self.try_submit());
		last_submitted()
	}

	/// Submits it and runs to the draw, which must find a node.
	pub fn submit_and_draw(self) -> WorkloadId {
		let id = self.submit();
		run_to_draw();
		assert_eq!(state(id), inference_primitives::WorkloadState::Assigned);
		id
	}
}

/// The workload that was submitted last.
pub fn last_submitted() -> WorkloadId {
	System::events()
		.into_iter()
		.rev()
		.find_map(|record| match record.event {
			RuntimeEvent::Market(crate::Event::WorkloadSubmitted { workload, .. }) => {
				Some(workload)
			},
			_ => None,
		})
		.expect("a workload was submitted")
}

/// Runs to the block that can draw what enters the queue now.
pub fn run_to_draw() {
	run_blocks(parameters().seed_blocks + 1);
}

/// Price of an inference at the price floor, planck.
pub fn price() -> Balance {
	Balance::from(COMPUTE_UNITS) * parameters().price_floor + ROYALTY + verification_fee()
}

/// The part of it for the verification of its proof, planck.
pub fn verification_fee() -> Balance {
	let weight = <() as crate::WeightInfo>::prove(OUTPUT.len() as u32)
		.max(<() as crate::WeightInfo>::relay_proof());
	ChainRate::weight_to_fee(&weight.saturating_add(PresentVerifyWeight::get()))
}

/// A stored workload.
pub fn workload(id: WorkloadId) -> crate::WorkloadOf<Test> {
	crate::Workloads::<Test>::get(id).expect("the workload exists")
}

/// A workload's price on the present or last node, planck.
pub fn price_of(id: WorkloadId) -> Option<Balance> {
	workload(id).assigned.map(|assigned| assigned.price)
}

/// A workload's state.
pub fn state(id: WorkloadId) -> inference_primitives::WorkloadState {
	workload(id).state
}

/// Whether a workload is in a worker's inbox.
pub fn owes(worker: AccountId, id: WorkloadId) -> bool {
	let key = crate::InboxKey::new(workload(id).deadline, id);
	<NodePool as inference_primitives::traits::NodePool<AccountId>>::node_of(&worker)
		.is_some_and(|node| crate::Inbox::<Test>::contains_key(node, key))
}

/// What a node owes, compute units: not delivered, and not proven.
pub fn load(node: NodeId) -> (u64, u64) {
	let view = NodePool::view(node).expect("the node exists");
	(view.outstanding.0, view.proving.0)
}

/// The node that has a workload.
pub fn assigned(id: WorkloadId) -> crate::Assigned<AccountId> {
	workload(id).assigned.expect("the workload is assigned")
}

/// The present worker key of the node that has a workload.
pub fn worker(id: WorkloadId) -> AccountId {
	let node = assigned(id).node;
	NodePool::view(node).expect("the node exists").worker
}

/// Delivers the output as the assigned worker.
pub fn deliver(id: WorkloadId) {
	assert_ok!(try_deliver(worker(id), id, &OUTPUT));
}

/// Tries to deliver an output. Errors without what they cost.
pub fn try_deliver(
	worker: AccountId,
	id: WorkloadId,
	output: &[i64],
) -> Result<PostDispatchInfo, DispatchError> {
	let output = output.to_vec().try_into().expect("the output fits");
	Market::deliver(RuntimeOrigin::signed(worker), id, output).map_err(|refusal| refusal.error)
}

/// The proof that `output` is the workload's.
pub fn proof(id: WorkloadId, output: &[i64]) -> Vec<u8> {
	let input = crate::Inputs::<Test>::get(id).unwrap_or_default();
	proof_of(&Statement::new(workload(id).statement, &input, output))
}

/// Tries to prove a workload as its worker. Errors without what they cost.
pub fn try_prove(
	prover: AccountId,
	id: WorkloadId,
	output: Option<&[i64]>,
	proof: Vec<u8>,
) -> Result<PostDispatchInfo, DispatchError> {
	Market::prove(
		RuntimeOrigin::signed(prover),
		id,
		output.map(|output| output.to_vec().try_into().expect("the output fits")),
		proof.try_into().expect("the proof fits"),
		PresentVerifyWeight::get(),
	)
	.map_err(|refusal| refusal.error)
}

/// Tries to prove a delivered workload for its worker. Errors without what they cost.
pub fn try_relay(
	relayer: AccountId,
	id: WorkloadId,
	proof: Vec<u8>,
) -> Result<PostDispatchInfo, DispatchError> {
	Market::relay_proof(
		RuntimeOrigin::signed(relayer),
		id,
		proof.try_into().expect("the proof fits"),
	)
	.map_err(|refusal| refusal.error)
}

/// Proves a workload as the assigned worker, in the way of its mode.
pub fn prove(id: WorkloadId) {
	let with_output = workload(id).mode == Mode::Immediate;
	let output = with_output.then_some(OUTPUT.as_slice());
	assert_ok!(try_prove(worker(id), id, output, proof(id, &OUTPUT)));
}

/// What an account can claim, planck.
pub fn credit(who: AccountId) -> Balance {
	crate::Credits::<Test>::get(who)
}

/// What an account can spend, planck.
pub fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

/// What is held of an account, planck.
pub fn held(reason: crate::HoldReason, who: AccountId) -> Balance {
	use frame_support::traits::fungible::hold::Inspect;
	Balances::balance_on_hold(&reason.into(), &who)
}

/// An operator's stakes.
pub fn stake(operator: AccountId) -> inference_primitives::node::StakeView {
	WorkerStaking::stake_view(&operator)
}

/// Asserts that the market emitted an event since the test began.
#[track_caller]
pub fn assert_event(event: crate::Event<Test>) {
	System::assert_has_event(event.into());
}

/// Workloads in flight of a model.
pub fn in_flight(reference: ModelRef) -> u32 {
	MockModels::model(reference)
		.expect("the model exists")
		.in_flight
}
