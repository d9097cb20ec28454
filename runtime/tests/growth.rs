//! How a block's cost and the state grow with nodes, models and orders: a chain of the real runtime, whose
//! operators, orders and deliveries are calls, and whose draws and prunings are its hooks'.
//!
//! `scripts/bench growth` runs it large and prints what it measured; a small chain runs with every test.
//! Weight is what the hooks report. Keys are those that they touch, each once. Time is of this program, the
//! native runtime over a trie in memory: it is no measure of a node, but shows what grows.

use super::{
	chain::Chain,
	counting::counted,
	properties::{
		calls::{self, Order},
		prover::{CIRCUITS, VALUES},
	},
	*,
};
use crate::{
	configs::system::{RuntimeBlockWeights, MAXIMUM_BLOCK_WEIGHT},
	layouts::metadata,
};
use codec::Encode;
use inference_primitives::{
	node::WorkerConsent, parameters::UNIT, GenesisHash, Mode, ModelId, ModelRef,
	ProtocolParameters, Ticks, WorkloadId,
};
use pallet_inference_market::{Inputs, Outputs, Turns, Workloads};
use sp_core::{sr25519, Pair};
use sp_io::{hashing::twox_128, TestExternalities};
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::Dispatchable;
use std::{collections::BTreeMap, time::Instant};

/// Models that a node joins.
const MODELS_PER_NODE: u32 = 16;
/// Users, who order in turn.
const USERS: u32 = 20;
/// Ticks that ended workloads stay.
const RETENTION: u32 = 60;

/// How large a chain is.
#[derive(Clone, Copy)]
struct Size {
	nodes: u32,
	models: u32,
	orders: u32,
	/// Orders of a block.
	wave: u32,
}

/// What a block's beginning took.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
	/// Weight that the hooks reported, picoseconds.
	weight: u64,
	read: usize,
	written: usize,
	/// Of the native runtime, microseconds.
	micros: u128,
	/// Workloads that were drawn.
	drawn: usize,
}

impl Cost {
	/// Whether `pallet-session` booked the block as a whole one.
	fn ends_session(&self) -> bool {
		self.weight >= MAXIMUM_BLOCK_WEIGHT.ref_time()
	}
}

/// Keys and bytes, by pallet and item.
type State = BTreeMap<String, (usize, usize)>;

struct Growth {
	state: TestExternalities,
	chain: Chain,
	size: Size,
	open: Vec<WorkloadId>,
}

fn account(kind: &str, index: u32) -> AccountId {
	AccountId::new(sp_io::hashing::blake2_256(&(kind, index).encode()))
}

fn model(index: u32) -> ModelRef {
	ModelRef {
		model: ModelId(index),
		version: 1,
	}
}

fn dispatch(who: AccountId, call: RuntimeCall) {
	let name = format!("{call:.200?}");
	if let Err(error) = call.dispatch(RuntimeOrigin::signed(who)) {
		panic!("{name}: {:?}", error.error);
	}
}

/// Long lives, and a retention that this test waits for.
fn parameters(size: Size) -> ProtocolParameters {
	ProtocolParameters {
		// As many blocks as the snapshots of all pools take.
		node_epoch: (size.models / 10).max(50),
		backlog_bound: Ticks(20),
		proof_deadline: Ticks(10_000),
		unbonding: Ticks(100_000),
		retention: Ticks(RETENTION),
		..ProtocolParameters::development()
	}
}

impl Growth {
	/// A chain with nodes and models, before any order.
	fn new(size: Size) -> Self {
		let keepers = ["operator", "user"].map(|kind| {
			let count = if kind == "user" { USERS } else { size.nodes };
			(0..count).map(move |index| account(kind, index))
		});
		let creator = Sr25519Keyring::Eve.to_account_id();
		let balances: Vec<_> = keepers
			.into_iter()
			.flatten()
			.chain([creator.clone(), Sr25519Keyring::Alice.to_account_id()])
			.map(|who| serde_json::json!([who, 1_000_000 * UNIT]))
			.collect();
		let change = serde_json::json!({ "balances": { "balances": balances } });
		let state: TestExternalities =
			genesis_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into(), change)
				.build_storage()
				.expect("the preset builds")
				.into();
		let mut growth = Self {
			state,
			chain: Chain::new(),
			size,
			open: Vec::new(),
		};
		growth.block(|_| {
			let put = calls::set_parameters(parameters(size));
			put.dispatch(RuntimeOrigin::root()).expect("they are valid");
			let plan = CIRCUITS[0].plan.clone();
			let registration = calls::Registration::of(plan, UNIT / 1_000);
			dispatch(creator.clone(), calls::register_model(registration));
			dispatch(creator, calls::activate(model(0)));
			// Each registration costs a tenth more than the last, so the others are copies of its record.
			let record = pallet_model_registry::Models::<Runtime>::get(model(0));
			let record = record.expect("it was registered");
			for index in 1..size.models {
				pallet_model_registry::Models::<Runtime>::insert(model(index), record.clone());
			}
			pallet_model_registry::NextModelId::<Runtime>::put(ModelId(size.models));
		});
		for index in 0..size.nodes {
			// A block's changes are computed into the state's root: not too many at once.
			growth.block(|_| register(index, size));
		}
		let epoch = parameters(size).node_epoch;
		growth.pass(2 * epoch);
		growth.until_snapshots_are_taken();
		growth.state.execute_with(|| {
			let pools = pallet_node_pool::Pools::<Runtime>::iter_keys().count();
			let reached = size.models.min(size.nodes * MODELS_PER_NODE);
			assert_eq!(pools, reached as usize, "models without a pool");
		});
		growth
	}

	/// A block in which this is done; returns what its beginning cost.
	fn block(&mut self, act: impl FnOnce(&mut Vec<WorkloadId>)) -> Cost {
		let (chain, open) = (&mut self.chain, &mut self.open);
		let cost = self.state.execute_with(|| {
			let start = Instant::now();
			let ((), keys) = counted(|| chain.initialize());
			let micros = start.elapsed().as_micros();
			let base = RuntimeBlockWeights::get().base_block;
			let drawn = System::read_events_no_consensus()
				.filter(|record| {
					matches!(
						record.event,
						RuntimeEvent::InferenceMarket(
							pallet_inference_market::Event::WorkloadAssigned { .. }
						)
					)
				})
				.count();
			let cost = Cost {
				weight: System::block_weight().total().ref_time() - base.ref_time(),
				read: keys.read.len(),
				written: keys.written.len(),
				micros,
				drawn,
			};
			chain.apply_inherents();
			act(open);
			chain.finalize();
			cost
		});
		self.state.commit_all().expect("nothing else is open");
		cost
	}

	fn pass(&mut self, blocks: u32) {
		for _ in 0..blocks {
			self.block(|_| {});
		}
	}

	fn until_snapshots_are_taken(&mut self) {
		let due = |growth: &mut Self| {
			growth
				.state
				.execute_with(|| pallet_node_pool::SnapshotsDue::<Runtime>::get().is_some())
		};
		while due(self) {
			self.pass(1);
		}
	}

	/// What a block costs in which nothing is due: the least of some.
	fn idle(&mut self) -> Cost {
		self.until_snapshots_are_taken();
		let costs = (0..5).map(|_| self.block(|_| {})).collect::<Vec<_>>();
		let least = costs.iter().min_by_key(|cost| cost.weight);
		*least.expect("there are some")
	}

	/// What the dearest block of an epoch costs in which nobody does anything: one that takes snapshots. Not
	/// counted is one that ends a session, which `pallet-session` books as a whole block.
	fn dearest(&mut self) -> Cost {
		let epoch = parameters(self.size).node_epoch;
		let costs = (0..epoch).map(|_| self.block(|_| {})).collect::<Vec<_>>();
		let most = costs
			.iter()
			.filter(|cost| !cost.ends_session())
			.max_by_key(|cost| cost.weight);
		*most.expect("there are some")
	}

	/// Orders come, wave after wave, and everything that was drawn is delivered; returns what the blocks
	/// cost that drew.
	fn order_all(&mut self) -> Vec<Cost> {
		let Size { orders, wave, .. } = self.size;
		let mut costs = Vec::new();
		let mut ordered = 0;
		loop {
			let next = orders.min(ordered + wave);
			let reached = self.size.models.min(self.size.nodes * MODELS_PER_NODE);
			let cost = self.block(|open| {
				deliver_all(open);
				for index in ordered..next {
					order(index % USERS, model(index % reached));
				}
			});
			if cost.drawn > 0 && !cost.ends_session() {
				costs.push(cost);
			}
			ordered = next;
			let waiting = self
				.state
				.execute_with(|| Turns::<Runtime>::iter_keys().next().is_some());
			if ordered == orders && !waiting {
				break;
			}
		}
		self.block(deliver_all);
		costs
	}

	/// Governance disables the key that all were ordered under, everybody ends what is open, and it is pruned
	/// when its time is over.
	fn end_all(&mut self) {
		let open = std::mem::take(&mut self.open);
		self.block(|_| {
			let disable = calls::disable(pallet_proof_verifier::Subject::Key(CIRCUITS[0].vk_hash));
			disable
				.dispatch(RuntimeOrigin::root())
				.expect("it is there");
		});
		for part in open.chunks(500) {
			self.block(|_| {
				for id in part {
					dispatch(account("user", 0), calls::expire(*id));
				}
			});
		}
		// The chain removes what ended in a block when that was kept long enough, in a block.
		self.pass(RETENTION + 1);
		// The events of the last prunings are the last block's.
		self.pass(1);
	}

	/// The whole state, by item.
	fn state(&mut self) -> State {
		self.state.execute_with(|| {
			let names = names();
			let mut state = State::new();
			let mut key = Vec::new();
			while let Some(next) = sp_io::storage::next_key(&key) {
				let prefix = next.get(..32).unwrap_or(&next).to_vec();
				let name = names.get(&prefix).map_or("other", |name| &name[..]);
				let value = sp_io::storage::get(&next).unwrap_or_default();
				let (keys, bytes) = state.entry(name.to_owned()).or_default();
				*keys += 1;
				*bytes += next.len() + value.len();
				key = next;
			}
			state
		})
	}
}

/// The names of pallets' items, by the prefix of their keys.
fn names() -> BTreeMap<Vec<u8>, String> {
	let metadata = metadata();
	let mut names = BTreeMap::new();
	for pallet in metadata.pallets {
		let Some(items) = pallet.storage else {
			continue;
		};
		for entry in items.entries {
			let parts = [items.prefix.as_bytes(), entry.name.as_bytes()].map(twox_128);
			names.insert(parts.concat(), format!("{}.{}", pallet.name, entry.name));
		}
	}
	names
}

/// An operator with one node bonds, registers it and joins models.
fn register(index: u32, size: Size) {
	let operator = account("operator", index);
	dispatch(operator.clone(), calls::bond(900_000 * UNIT));
	let worker = sr25519::Pair::from_seed(&sp_io::hashing::blake2_256(&index.encode()));
	let message = WorkerConsent {
		genesis: GenesisHash(System::block_hash(0).to_fixed_bytes()),
		operator: &operator,
		used: 0,
	}
	.message();
	let consent = MultiSignature::Sr25519(worker.sign(&message));
	let key = AccountId::from(worker.public());
	dispatch(operator.clone(), calls::register_node(key, 1_000, consent));
	for step in 0..MODELS_PER_NODE.min(size.models) {
		let joined = model((index * MODELS_PER_NODE + step) % size.models);
		dispatch(
			operator.clone(),
			calls::join(inference_primitives::NodeId(index), joined),
		);
	}
}

fn order(user: u32, model: ModelRef) {
	let price = InferenceMarket::present_price(model).expect("it is for sale");
	let order = Order {
		model,
		input: vec![1; VALUES],
		mode: Mode::Deferred,
		max_price: price * 2,
		deadline: 600,
		value_at_risk: 0,
	};
	dispatch(account("user", user), calls::submit(order));
}

/// Delivers what this block drew, and remembers it.
fn deliver_all(open: &mut Vec<WorkloadId>) {
	let drawn: Vec<_> = System::read_events_no_consensus()
		.filter_map(|record| match record.event {
			RuntimeEvent::InferenceMarket(pallet_inference_market::Event::WorkloadAssigned {
				workload,
				worker,
				..
			}) => Some((workload, worker)),
			_ => None,
		})
		.collect();
	for (workload, worker) in drawn {
		dispatch(worker, calls::deliver(workload, vec![1; VALUES]));
		open.push(workload);
	}
}

fn share(weight: u64) -> f64 {
	weight as f64 * 100.0 / MAXIMUM_BLOCK_WEIGHT.ref_time() as f64
}

fn print(what: &str, cost: Cost) {
	println!(
		"{what:<28} {:>6.2} % of a block, {:>6} keys read, {:>6} written, {:>7} us, {:>4} drawn",
		share(cost.weight),
		cost.read,
		cost.written,
		cost.micros,
		cost.drawn
	);
}

/// What drawing one workload adds to an idle block, picoseconds and keys: the most of the blocks that drew
/// at least so many.
fn per_draw(costs: &[Cost], idle: Cost, least: usize) -> (u64, usize) {
	costs
		.iter()
		.filter(|cost| cost.drawn >= least)
		.map(|cost| {
			let weight = cost.weight.saturating_sub(idle.weight) / cost.drawn as u64;
			let keys = (cost.read + cost.written).saturating_sub(idle.read + idle.written);
			(weight, keys / cost.drawn)
		})
		.max()
		.expect("a block drew enough")
}

/// The pallets whose items orders could fill: ours, and where their money is.
const FILLED: [&str; 7] = [
	"NetworkParameters",
	"ProofVerifier",
	"ModelRegistry",
	"WorkerStaking",
	"NodePool",
	"InferenceMarket",
	"Balances",
];

/// What has more keys when all orders are gone than before the first, or fewer, and may: it does not follow
/// the number of orders.
const MAY_CHANGE: [&str; 6] = [
	// A ring of the last blocks' outputs.
	"InferenceMarket.VrfOutputs",
	// One for each user.
	"InferenceMarket.SubmitterNonces",
	// One value each.
	"InferenceMarket.LastOrdered",
	"NetworkParameters.FinalityReports",
	// What this test's governance disabled.
	"ProofVerifier.Disabled",
	// The snapshots are being taken, or are not.
	"NodePool.SnapshotsDue",
];

/// Grows a chain, prints what it measured, and asserts that nothing grows that must not. Returns what one
/// draw costs.
fn grow(size: Size) -> (u64, usize) {
	println!(
		"\n{} nodes, {} models, {} orders",
		size.nodes, size.models, size.orders
	);
	let mut growth = Growth::new(size);
	let before = growth.state();
	let idle = growth.idle();
	print("idle", idle);
	let dearest = growth.dearest();
	print("idle, with snapshots", dearest);
	assert!(
		share(dearest.weight) <= 5.0,
		"idle hooks take {:.2} % of a block",
		share(dearest.weight)
	);
	let costs = growth.order_all();
	assert_eq!(
		growth.open.len(),
		size.orders as usize,
		"not all were drawn"
	);
	let most = costs.iter().max_by_key(|cost| cost.drawn);
	print("the most draws", *most.expect("some were drawn"));
	let draw = per_draw(&costs, idle, size.wave as usize / 2);
	println!(
		"a draw, at most              {:.3} ms of weight, {} keys read or written",
		draw.0 as f64 / 1e9,
		draw.1
	);
	let full = growth.idle();
	print("idle, all orders open", full);
	assert!(
		full.read <= idle.read + 40 && full.written <= idle.written + 10,
		"an idle block touches more keys when orders are open: {full:?}, {idle:?}"
	);
	let open = growth.state();
	print_state(&open, size.orders);
	growth.end_all();
	let idle_after = growth.idle();
	print("idle, all pruned", idle_after);
	let after = growth.state();
	check_rest(&before, &after);
	growth.state.execute_with(|| {
		assert_eq!(Workloads::<Runtime>::iter_keys().count(), 0);
		assert_eq!(Inputs::<Runtime>::iter_keys().count(), 0);
		assert_eq!(Outputs::<Runtime>::iter_keys().count(), 0);
		NodePool::do_try_state().expect("the invariants of node pools hold");
		WorkerStaking::do_try_state().expect("the invariants of stakes hold");
	});
	draw
}

fn print_state(state: &State, orders: u32) {
	let mut pallets = BTreeMap::<&str, (usize, usize)>::new();
	for (item, (keys, bytes)) in state {
		let pallet = item.split('.').next().unwrap_or(item);
		let sum = pallets.entry(pallet).or_default();
		sum.0 += keys;
		sum.1 += bytes;
	}
	for (pallet, (keys, bytes)) in pallets {
		if bytes > 4_096 {
			println!("  {pallet:<24} {keys:>8} keys {bytes:>11} bytes");
		}
	}
	let market: usize = state
		.iter()
		.filter(|(item, _)| item.starts_with("InferenceMarket"))
		.map(|(_, (_, bytes))| bytes)
		.sum();
	println!(
		"  the market, by open order: {} bytes",
		market / orders as usize
	);
}

/// Asserts that each item has as many keys as before, but for those that may change, which are printed.
fn check_rest(before: &State, after: &State) {
	let items: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
	for item in items {
		let of = |state: &State| state.get(item).map_or(0, |(keys, _)| *keys);
		let (was, is) = (of(before), of(after));
		if was == is {
			continue;
		}
		println!("  left: {item}, {was} keys before, {is} now");
		let pallet = item.split('.').next().unwrap_or(item);
		assert!(
			MAY_CHANGE.contains(&&item[..]) || !FILLED.contains(&pallet),
			"{item} had {was} keys before all orders and has {is} after them"
		);
	}
}

#[test]
fn ten_nodes_and_a_hundred_orders_leave_nothing_and_a_block_with_them_costs_what_it_draws() {
	let few = grow(Size {
		nodes: 10,
		models: 80,
		orders: 100,
		wave: 20,
	});
	let more = grow(Size {
		nodes: 10,
		models: 160,
		orders: 400,
		wave: 20,
	});
	// Neither four times the orders nor twice the models make a draw dearer. In both as many models have a
	// queue at a time: those of the waves whose seeds are not known yet.
	assert!(more.0 <= few.0 + few.0 / 20, "{few:?}, {more:?}");
	assert!(more.1 <= few.1 + 2, "{few:?}, {more:?}");
}

#[test]
fn a_block_of_the_real_runtime_draws_five_hundred_orders_of_one_model() {
	let mut growth = Growth::new(Size {
		nodes: 64,
		models: 1,
		orders: 640,
		wave: 640,
	});
	let costs = growth.order_all();
	let most = costs.iter().max_by_key(|cost| cost.drawn);
	let most = most.expect("some were drawn");
	print("one model, 64 nodes", *most);
	assert!(most.drawn >= 500, "{most:?}");
	assert!(share(most.weight) <= 20.0, "{most:?}");
}

/// `scripts/bench growth`.
#[test]
#[ignore = "it takes minutes: scripts/bench growth"]
fn from_ten_to_a_thousand_nodes_and_a_hundred_thousand_orders() {
	let sizes = [
		(10, 100, 1_000),
		(100, 1_000, 10_000),
		(1_000, 10_000, 100_000),
	];
	let draws: Vec<_> = sizes
		.map(|(nodes, models, orders)| {
			grow(Size {
				nodes,
				models,
				orders,
				// A model is in one wave of those that wait for their seeds.
				wave: 25,
			})
		})
		.into();
	for draw in &draws[1..] {
		assert!(draw.0 <= draws[0].0 + draws[0].0 / 20, "{draws:?}");
		// Some of the small chain's draws are of the same of its ten nodes, whose records then count once.
		assert!(draw.1 <= draws[0].1 + 5, "{draws:?}");
	}
}
