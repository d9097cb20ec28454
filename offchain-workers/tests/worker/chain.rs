//! A chain in memory: blocks with snapshots of state, one pool per node, gossip, finality, forks.
//! It applies `deliver`, `prove` and `decline` by the market's rules, proofs verified.

use crate::model::{model, Model};
use async_trait::async_trait;
use inference_offchain_worker::{
	Action, BlockHash, Call, Chain, ChainError, FailedCall, FinalizedBlock, InboxPage, Pending,
	Submission, VerifyingKey, WorkerKey, WorkloadStatus,
};
use inference_primitives::{
	market::{InboxItem, MAX_INBOX_ITEMS},
	BlockNumber, ComputeUnits, Destination, GenesisHash, Mode, ModelId, ModelRef, Statement,
	StatementHeader, StatementVersion, Tick, VkHash, WorkloadId, WorkloadState,
};
use inference_verifier::{public_inputs, verify};
use parking_lot::{Mutex, MutexGuard};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
	time::Duration,
};

/// Blocks for which a transaction is valid.
pub const MORTALITY: BlockNumber = 64;
/// Ticks from delivery to the proof's deadline.
const PROOF_DEADLINE: u32 = 500;

#[derive(Clone, Default)]
struct State {
	inboxes: BTreeMap<WorkerKey, Vec<InboxItem>>,
	nonces: BTreeMap<WorkerKey, u32>,
	/// What became of workloads that nobody owes any more.
	ended: BTreeMap<WorkloadId, WorkloadState>,
	/// Workloads that are owed and not shown, as their key is disabled.
	hidden: BTreeSet<WorkloadId>,
	/// The service clock.
	now: Tick,
}

#[derive(Clone)]
struct Transaction {
	worker: WorkerKey,
	call: Call,
	submission: Submission,
}

/// A transaction in a block, and whether the market took it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Included {
	pub block: BlockNumber,
	pub workload: WorkloadId,
	pub action: Action,
	pub accepted: bool,
}

#[derive(Default)]
pub struct World {
	/// State after each block; genesis first.
	states: Vec<State>,
	finalized: BlockNumber,
	pools: Vec<Vec<Transaction>>,
	pub included: Vec<Included>,
	/// Whether authors include transactions.
	pub includes: bool,
	/// Whether the market refuses every call.
	pub refuses: bool,
	/// Every call that a pool took, in order.
	pub submitted: Vec<(Call, Submission)>,
	/// Whether pools do not show what was just submitted, as after catching up.
	pub pools_are_blind: bool,
	/// Whether the worker accounts are empty; how often that was found out.
	pub is_poor: bool,
	pub poor_attempts: usize,
	/// Whether reading a verifying key panics.
	pub keys_panic: bool,
	/// Whether the service clock stands.
	pub clock_stands: bool,
	/// How long a tick takes.
	pub tick: Duration,
}

fn hash(number: BlockNumber) -> BlockHash {
	let mut hash = [0; 32];
	hash[..4].copy_from_slice(&number.to_le_bytes());
	hash
}

fn number(hash: BlockHash) -> usize {
	u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]) as usize
}

impl World {
	fn best(&self) -> BlockNumber {
		self.states.len() as BlockNumber - 1
	}

	fn nonce(&self, at: usize, worker: WorkerKey) -> u32 {
		self.states[at]
			.nonces
			.get(&worker)
			.copied()
			.unwrap_or_default()
	}

	/// Puts a new block with the pools' transactions on the best one.
	fn author(&mut self) {
		let block = self.best() + 1;
		let mut state = self.states.last().unwrap().clone();
		if !self.clock_stands {
			state.now.0 += 1;
		}
		let now = state.now;
		if self.includes {
			for transaction in self.pools.iter().flatten() {
				let nonce = state.nonces.entry(transaction.worker).or_default();
				let Submission {
					nonce: own,
					last_block,
				} = transaction.submission;
				if own == *nonce && block <= last_block {
					*nonce += 1;
					let accepted = !self.refuses && apply(&mut state, transaction, now).is_some();
					self.included.push(Included {
						block,
						workload: transaction.call.workload(),
						action: transaction.call.action(),
						accepted,
					});
				}
			}
		}
		self.states.push(state);
		self.clean_pools();
	}

	/// Drops what can no longer be included.
	fn clean_pools(&mut self) {
		let (best, nonces) = (self.best(), self.states.last().unwrap().nonces.clone());
		for pool in &mut self.pools {
			pool.retain(|t| {
				t.submission.last_block > best
					&& t.submission.nonce >= nonces.get(&t.worker).copied().unwrap_or_default()
			});
		}
	}

	/// Shares each pool with the others. A nonce that is taken is not taken again.
	pub fn gossip(&mut self) {
		let all: Vec<Transaction> = self.pools.iter().flatten().cloned().collect();
		for pool in &mut self.pools {
			for transaction in &all {
				if !pool.iter().any(|t| same_slot(t, transaction)) {
					pool.push(transaction.clone());
				}
			}
			pool.sort_by_key(|t| t.submission.nonce);
		}
	}

	/// Every pool loses everything.
	pub fn lose_pools(&mut self) {
		self.pools.iter_mut().for_each(Vec::clear);
	}

	/// Every pool loses the transaction with this nonce.
	pub fn lose_nonce(&mut self, nonce: u32) {
		for pool in &mut self.pools {
			pool.retain(|transaction| transaction.submission.nonce != nonce);
		}
	}

	/// Workloads are owed and not shown any more from the next state on.
	pub fn hide(&mut self, workload: WorkloadId) {
		self.states.last_mut().unwrap().hidden.insert(workload);
	}

	/// Reverts the blocks that are not finalised. Their transactions are lost.
	pub fn revert(&mut self) {
		self.states.truncate(self.finalized as usize + 1);
		let best = self.best();
		self.included.retain(|included| included.block <= best);
	}

	/// Gives `worker` a workload in the next state.
	pub fn assign(&mut self, worker: WorkerKey, item: InboxItem) {
		self.states
			.last_mut()
			.unwrap()
			.inboxes
			.entry(worker)
			.or_default()
			.push(item);
	}

	/// Somebody else's move ends a workload in the next state.
	pub fn end(&mut self, worker: WorkerKey, workload: WorkloadId, state: WorkloadState) {
		let best = self.states.last_mut().unwrap();
		let inbox = best.inboxes.entry(worker).or_default();
		inbox.retain(|item| item.statement.workload != workload);
		best.ended.insert(workload, state);
	}

	/// What `worker` owes in the best state.
	pub fn owed(&self, worker: WorkerKey) -> Vec<InboxItem> {
		self.states
			.last()
			.unwrap()
			.inboxes
			.get(&worker)
			.cloned()
			.unwrap_or_default()
	}

	/// Calls of one kind that the market took.
	pub fn accepted(&self, action: Action) -> usize {
		self.included
			.iter()
			.filter(|i| i.action == action && i.accepted)
			.count()
	}
}

fn same_slot(a: &Transaction, b: &Transaction) -> bool {
	a.worker == b.worker && a.submission.nonce == b.submission.nonce
}

/// The market's rules. `None`: refused.
fn apply(state: &mut State, transaction: &Transaction, now: Tick) -> Option<()> {
	let inbox = state.inboxes.get_mut(&transaction.worker)?;
	let workload = transaction.call.workload();
	let index = inbox
		.iter()
		.position(|item| item.statement.workload == workload)?;
	let item = inbox.get_mut(index).filter(|item| now <= item.deadline)?;
	match (&transaction.call, item.state, item.mode) {
		(Call::Deliver { output, .. }, WorkloadState::Assigned, Mode::Deferred) => {
			item.state = WorkloadState::Unproven;
			item.output = Some(output.clone());
			item.deadline = Tick(now.0 + PROOF_DEADLINE);
		},
		(
			Call::Prove {
				output: Some(output),
				proof,
				..
			},
			WorkloadState::Assigned,
			Mode::Immediate,
		) => {
			check(item, output, proof)?;
			inbox.remove(index);
			state.ended.insert(workload, WorkloadState::Settled);
		},
		(
			Call::Prove {
				output: None,
				proof,
				..
			},
			WorkloadState::Unproven,
			_,
		) => {
			check(item, &item.output.clone()?, proof)?;
			inbox.remove(index);
			state.ended.insert(workload, WorkloadState::Settled);
		},
		(Call::Decline { .. }, WorkloadState::Assigned, _)
			if item.decline_by.is_some_and(|last| now <= last) =>
		{
			inbox.remove(index);
			state.ended.insert(workload, WorkloadState::Queued);
		},
		_ => return None,
	}
	Some(())
}

fn check(item: &InboxItem, output: &[i64], proof: &[u8]) -> Option<()> {
	let statement = Statement::new(item.statement.clone(), &item.input, output);
	let inputs = public_inputs(&statement, &item.input, output);
	verify(&model().plan, &model().setup, &inputs, proof).ok()
}

/// A workload for the doubling model.
pub fn workload(id: u8, mode: Mode) -> InboxItem {
	InboxItem {
		statement: StatementHeader {
			genesis: GenesisHash([1; 32]),
			domain: 0,
			// As between two runtimes.
			version: StatementVersion::ALL[usize::from(id) % StatementVersion::ALL.len()].number(),
			vk_hash: model().vk_hash,
			model: ModelRef {
				model: ModelId(0),
				version: 1,
			},
			workload: WorkloadId([id; 32]),
			destination: Destination::Local,
		},
		mode,
		state: WorkloadState::Assigned,
		input: vec![i64::from(id), -3],
		output: None,
		deadline: Tick(400),
		decline_by: None,
		prove_by: Tick(400),
		compute_units: ComputeUnits(1),
		at_stake: 7,
		value_at_risk: 0,
	}
}

/// What the doubling model makes of that workload.
pub fn output(id: u8) -> Vec<i64> {
	Model::execute(&workload(id, Mode::Deferred).input)
}

/// A node: the world seen with its own pool and keystore.
#[derive(Clone)]
pub struct Node {
	world: Arc<Mutex<World>>,
	index: usize,
	keys: Vec<WorkerKey>,
}

impl Node {
	/// The first node of a new world, with one worker key.
	pub fn new(key: WorkerKey) -> Self {
		let world = World {
			states: vec![State::default()],
			pools: vec![Vec::new()],
			includes: true,
			tick: Duration::from_secs(1),
			..World::default()
		};
		Self {
			world: Arc::new(Mutex::new(world)),
			index: 0,
			keys: vec![key],
		}
	}

	/// Another node of the same world.
	pub fn another(&self, keys: Vec<WorkerKey>) -> Self {
		let mut world = self.world.lock();
		world.pools.push(Vec::new());
		Self {
			world: self.world.clone(),
			index: world.pools.len() - 1,
			keys,
		}
	}

	pub fn world(&self) -> MutexGuard<'_, World> {
		self.world.lock()
	}

	/// Authors a block.
	pub fn author(&self) {
		self.world().author();
	}

	/// Finalises the best block.
	pub fn finalize(&self) -> FinalizedBlock {
		let mut world = self.world();
		world.finalized = world.best();
		self.finalized(&world)
	}

	fn finalized(&self, world: &World) -> FinalizedBlock {
		FinalizedBlock {
			number: world.finalized,
			hash: hash(world.finalized),
		}
	}

	/// The last finalised block.
	pub fn last_finalized(&self) -> FinalizedBlock {
		self.finalized(&self.world())
	}

	/// Authors and finalises a block.
	pub fn advance(&self) -> FinalizedBlock {
		self.author();
		self.finalize()
	}
}

#[async_trait]
impl Chain for Node {
	async fn worker_keys(&self) -> Result<Vec<WorkerKey>, ChainError> {
		Ok(self.keys.clone())
	}

	async fn best_block(&self) -> BlockHash {
		hash(self.world().best())
	}

	async fn now(&self, at: BlockHash) -> Result<Tick, ChainError> {
		Ok(self.world().states[number(at)].now)
	}

	async fn inbox(
		&self,
		at: BlockHash,
		worker: WorkerKey,
		after: Option<(Tick, WorkloadId)>,
	) -> Result<InboxPage, ChainError> {
		let world = self.world();
		let state = &world.states[number(at)];
		let owed = state.inboxes.get(&worker).into_iter().flatten();
		let mut items: Vec<_> = owed
			.filter(|item| !state.hidden.contains(&item.statement.workload))
			.filter(|item| Some(item.position()) > after)
			.cloned()
			.collect();
		items.sort_by_key(InboxItem::position);
		items.truncate(MAX_INBOX_ITEMS);
		Ok(InboxPage {
			is_full: items.len() == MAX_INBOX_ITEMS,
			items,
		})
	}

	async fn verifying_key(
		&self,
		_: BlockHash,
		vk_hash: VkHash,
	) -> Result<Option<VerifyingKey>, ChainError> {
		assert!(!self.world().keys_panic, "a panic that a test asked for");
		let model = model();
		Ok((vk_hash == model.vk_hash).then(|| VerifyingKey {
			setup: model.setup.to_bytes().to_vec(),
			plan: model.plan.to_bytes(),
		}))
	}

	async fn nonce(&self, at: BlockHash, worker: WorkerKey) -> Result<u32, ChainError> {
		Ok(self.world().nonce(number(at), worker))
	}

	async fn pending(&self, worker: WorkerKey) -> Result<Vec<Pending>, ChainError> {
		let world = self.world();
		let own = world.pools[self.index]
			.iter()
			.filter(|t| t.worker == worker && !world.pools_are_blind);
		Ok(own
			.map(|t| Pending {
				nonce: t.submission.nonce,
				work: Some((t.call.workload(), t.call.action())),
			})
			.collect())
	}

	async fn submit(
		&self,
		worker: WorkerKey,
		call: Call,
		finalized: FinalizedBlock,
		taken: &BTreeSet<u32>,
	) -> Result<Submission, ChainError> {
		let mut world = self.world();
		if world.is_poor {
			world.poor_attempts += 1;
			return Err(ChainError::NoFunds { worker });
		}
		assert_eq!(
			finalized,
			self.finalized(&world),
			"decided on the last finalised block"
		);
		let mut nonce = world.nonce(world.best() as usize, worker);
		let is_used = |nonce| {
			let mut pool = world.pools[self.index].iter();
			let in_pool = pool.any(|t| t.worker == worker && t.submission.nonce == nonce);
			taken.contains(&nonce) || (in_pool && !world.pools_are_blind)
		};
		while is_used(nonce) {
			nonce += 1;
		}
		let submission = Submission {
			nonce,
			last_block: finalized.number + MORTALITY - 1,
		};
		world.submitted.push((call.clone(), submission));
		world.pools[self.index].push(Transaction {
			worker,
			call,
			submission,
		});
		Ok(submission)
	}

	async fn status(
		&self,
		at: BlockHash,
		workload: WorkloadId,
	) -> Result<Option<WorkloadStatus>, ChainError> {
		let world = self.world();
		let state = &world.states[number(at)];
		let mut owed = state.inboxes.values().flatten();
		let owed = owed.find(|item| item.statement.workload == workload);
		let ended = |ended: &WorkloadState| WorkloadStatus {
			state: *ended,
			deadline: None,
		};
		Ok(owed
			.map(|item| WorkloadStatus {
				state: item.state,
				deadline: Some(item.deadline),
			})
			.or_else(|| state.ended.get(&workload).map(ended)))
	}

	async fn failed_calls(
		&self,
		above: FinalizedBlock,
		upto: FinalizedBlock,
		_: WorkerKey,
	) -> Result<Vec<FailedCall>, ChainError> {
		let world = self.world();
		let failed = world
			.included
			.iter()
			.filter(|i| !i.accepted && i.block > above.number && i.block <= upto.number);
		Ok(failed
			.map(|included| FailedCall {
				workload: included.workload,
				action: included.action,
				block: included.block,
				error: "refused".into(),
			})
			.collect())
	}

	fn tick(&self) -> Duration {
		self.world().tick
	}
}
