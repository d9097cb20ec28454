//! The rules of docs/DESIGN.md, section 4, checked on the chain's real state and on its events. A rule
//! that is broken panics with its number.

use super::{
	super::{chain::now, *},
	prover::{Model, CIRCUITS},
};
use crate::configs::inference_market::Treasury;
use codec::Encode;
use frame_support::traits::Get;
use inference_primitives::{
	parameters::{permille_of, Permille},
	NodeId, Tick, VkHash, WorkloadId, WorkloadState,
};
use pallet_inference_market::{
	Credits, DelayedSlashes, Event as MarketEvent, Inputs, Outputs, Workloads,
};
use pallet_node_pool::Event as PoolEvent;
use pallet_staking::Event as ValidatorEvent;
use pallet_worker_staking::Event as StakingEvent;
use std::collections::{BTreeMap, BTreeSet};

type Workload = pallet_inference_market::Workload<AccountId>;

/// Blocks by which the hook may be late: it moves a bounded number of deadlines a block.
const HOOK_IS_LATE: u32 = 4;

/// What the rules remember from one check to the next.
pub struct Rules {
	/// Accounts that never lie and are never late.
	honest: BTreeSet<AccountId>,
	/// Whose each node is, or was.
	operators: BTreeMap<NodeId, AccountId>,
	/// All workloads ever, as they were when last looked at.
	seen: BTreeMap<WorkloadId, Workload>,
	/// The tick by which each open workload must have ended.
	ends: BTreeMap<WorkloadId, Tick>,
	/// Issuance, credits, and what the market's account has besides, before what happens next.
	issuance: Balance,
	credits: BTreeMap<AccountId, Balance>,
	surplus: Balance,
	/// Slashes whose delay was announced in this block.
	delayed: BTreeMap<WorkloadId, Balance>,
	/// Delayed slashes, with the user's part.
	waiting: BTreeMap<(WorkloadId, NodeId), (Balance, Balance)>,
	/// Events of the present block that were looked at.
	events: usize,
	/// What happened, by name.
	pub counts: BTreeMap<&'static str, u32>,
}

/// What credits must be after an event.
struct Expected(BTreeMap<AccountId, Balance>);

impl Expected {
	fn credit(&mut self, who: &AccountId, amount: Balance) {
		*self.0.entry(who.clone()).or_default() += amount;
	}
}

fn credits() -> BTreeMap<AccountId, Balance> {
	Credits::<Runtime>::iter().collect()
}

/// What the market's account has that is nobody's credit.
fn surplus(credits: &BTreeMap<AccountId, Balance>) -> Balance {
	use frame_support::traits::fungible::Inspect;
	let total = Balances::total_balance(&InferenceMarket::account_id());
	total
		.checked_sub(credits.values().sum())
		.expect("rule 1: the market's account does not cover the credits")
}

fn stored(id: WorkloadId) -> Workload {
	Workloads::<Runtime>::get(id).expect("an event's workload is stored")
}

/// What an operator owes for giving no output for a workload that was as this, at this rate of its price, and
/// the user's part of it, planck.
fn due_for_no_output(before: &Workload, rate: Permille) -> (Balance, Balance) {
	let price = before.assigned.as_ref().expect("it was drawn").price;
	let part = |rate| permille_of(price, rate).expect("a small price");
	let least = if before.failed_operators.is_empty() {
		before.terms.least_compensation
	} else {
		0
	};
	(
		part(rate).max(2 * least),
		part(before.terms.miss_compensation).max(least),
	)
}

impl Rules {
	pub fn new(honest: impl IntoIterator<Item = AccountId>) -> Self {
		let credits = credits();
		Self {
			honest: honest.into_iter().collect(),
			operators: BTreeMap::new(),
			seen: BTreeMap::new(),
			ends: BTreeMap::new(),
			issuance: Balances::total_issuance(),
			surplus: surplus(&credits),
			credits,
			delayed: BTreeMap::new(),
			waiting: BTreeMap::new(),
			events: 0,
			counts: BTreeMap::new(),
		}
	}

	/// A block begins: it has no events yet.
	pub fn begin_block(&mut self) {
		self.events = 0;
	}

	pub fn count(&mut self, what: &'static str) {
		*self.counts.entry(what).or_default() += 1;
	}

	/// Checks everything that must hold after a call, or after a block's hooks.
	pub fn check(&mut self) {
		self.check_events();
		self.check_records();
	}

	/// Rules 1, 4, 5, 6 and 7 on what happened: each planck that was made, lost or credited is named by
	/// an event, and was due.
	pub fn check_events(&mut self) {
		super::assert_nothing_defensive();
		let events: Vec<RuntimeEvent> = System::read_events_no_consensus()
			.skip(self.events)
			.map(|record| record.event)
			.collect();
		self.events += events.len();
		let mut lost: Balance = 0;
		// What staking says that it mints, and what balances say of it.
		let (mut remainders, mut issued): (Balance, Balance) = (0, 0);
		let (mut pay, mut credited): (Balance, Balance) = (0, 0);
		let mut donated: Balance = 0;
		let mut expected = Expected(std::mem::take(&mut self.credits));
		let treasury = Treasury::get();
		let market = InferenceMarket::account_id();
		for event in &events {
			match event {
				RuntimeEvent::TransactionPayment(
					pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, .. },
				) => lost += actual_fee,
				RuntimeEvent::Balances(
					pallet_balances::Event::DustLost { amount, .. }
					| pallet_balances::Event::Burned { amount, .. },
				) => lost += amount,
				RuntimeEvent::Balances(
					named @ (pallet_balances::Event::Minted { .. }
					| pallet_balances::Event::Rescinded { .. }
					| pallet_balances::Event::BurnedHeld { .. }
					| pallet_balances::Event::TotalIssuanceForced { .. }
					| pallet_balances::Event::Slashed { .. }
					| pallet_balances::Event::Unexpected(_)),
				) => panic!("rule 1: nothing here mints or burns: {named:?}"),
				RuntimeEvent::Balances(pallet_balances::Event::Issued { amount }) => {
					issued += amount
				},
				RuntimeEvent::Balances(pallet_balances::Event::MintedCredit { amount }) => {
					credited += amount
				},
				RuntimeEvent::Staking(ValidatorEvent::EraPaid { remainder, .. }) => {
					remainders += remainder;
					self.count("an era ended");
				},
				RuntimeEvent::Staking(ValidatorEvent::Rewarded { amount, .. }) => {
					pay += amount;
					self.count("a staker was paid");
				},
				RuntimeEvent::Balances(pallet_balances::Event::Transfer { to, amount, .. })
					if *to == market =>
				{
					donated += amount
				},
				RuntimeEvent::NodePool(PoolEvent::NodeRegistered { node, operator, .. }) => {
					self.operators.insert(*node, operator.clone());
					self.count("registered a node");
				},
				RuntimeEvent::NodePool(PoolEvent::NodeSuspended { node, .. }) => {
					assert!(
						!self.honest.contains(&self.operators[node]),
						"rule 5: the honest operator's node {node:?} was suspended"
					);
					self.count("suspended");
				},
				RuntimeEvent::WorkerStaking(
					StakingEvent::BondSlashed { operator, amount }
					| StakingEvent::ProofStakeSlashed { operator, amount },
				) => assert!(
					!self.honest.contains(operator),
					"rule 5: the honest operator was slashed {amount}"
				),
				RuntimeEvent::InferenceMarket(event) => {
					self.check_market_event(event, &treasury, &mut expected)
				},
				_ => {},
			}
		}
		let issuance = Balances::total_issuance();
		assert_eq!(
			(issued, credited),
			(remainders, pay),
			"rule 1: only eras mint: {events:?}"
		);
		assert_eq!(
			issuance + lost,
			self.issuance + remainders + pay,
			"rule 1: issuance changed by more than fees, dust, burns and what eras pay: {events:?}"
		);
		self.issuance = issuance;
		expected.0.retain(|_, amount| *amount > 0);
		self.credits = credits();
		assert_eq!(
			self.credits, expected.0,
			"rule 1: credits are not what the events say: {events:?}"
		);
		let surplus = surplus(&self.credits);
		assert_eq!(
			surplus,
			self.surplus + donated,
			"rule 1: the market's account has more or less than credits and gifts: {events:?}"
		);
		self.surplus = surplus;
	}

	fn check_market_event(
		&mut self,
		event: &MarketEvent<Runtime>,
		treasury: &AccountId,
		expected: &mut Expected,
	) {
		match event {
			MarketEvent::WorkloadSubmitted { workload, .. } => {
				let record = stored(*workload);
				let end = record.terms.last_proof_due(record.mode);
				self.ends.insert(*workload, end);
				self.seen.insert(*workload, record);
				self.count("submitted");
			},
			MarketEvent::WorkloadAssigned { workload, node, .. } => {
				assert_ne!(
					self.operators[node],
					stored(*workload).submitter,
					"a user is served by its own node"
				);
				// By a hook: the first call of the block may already end it.
				self.seen.insert(*workload, stored(*workload));
				self.count("assigned");
			},
			MarketEvent::OutputDelivered { .. } => self.count("delivered"),
			MarketEvent::WorkloadSettled {
				workload,
				worker_credit,
				creator_credit,
				treasury_credit,
			} => {
				let record = stored(*workload);
				self.check_settled(&record);
				let assigned = record.assigned.as_ref().expect("a node proved it");
				let creator = pallet_model_registry::Models::<Runtime>::get(record.statement.model)
					.expect("a model in use is stored")
					.creator;
				let account = record.settlement;
				assert_eq!(
					(*worker_credit, *creator_credit, *treasury_credit),
					(account.worker, account.creator, account.treasury),
					"rule 1: the event and the workload's account disagree"
				);
				expected.credit(&assigned.operator, *worker_credit);
				expected.credit(&creator, *creator_credit);
				expected.credit(treasury, *treasury_credit);
				self.count("settled");
			},
			MarketEvent::WorkloadCancelled { workload } => {
				let record = stored(*workload);
				assert_eq!(record.settlement.treasury, record.terms.slot_fee);
				expected.credit(treasury, record.terms.slot_fee);
				self.count("cancelled");
			},
			MarketEvent::WorkloadExpired { workload } => {
				let record = stored(*workload);
				// Nobody's move was missed but the user's own terms', and those cost the slot.
				assert_eq!(record.settlement.slashed, 0, "rule 7");
				assert!([0, record.terms.slot_fee].contains(&record.settlement.treasury));
				expected.credit(treasury, record.settlement.treasury);
				self.count("expired");
			},
			MarketEvent::DeliveryMissed {
				workload,
				node,
				slashed,
				compensation,
			} => {
				self.check_missed(*node);
				let before = &self.seen[workload];
				let (due, to_user) = due_for_no_output(before, before.terms.miss_slash);
				if let Some(delayed) = self.delayed.remove(workload) {
					assert_eq!((delayed, *slashed, *compensation), (due, 0, 0));
					self.waiting.insert((*workload, *node), (due, to_user));
					self.count("missed a delivery");
					return;
				}
				// The proof stake, which was unlocked just before, covers it.
				assert_eq!(*slashed, due, "rule 6: a slash was not all there");
				assert_eq!(
					*compensation,
					to_user.min(due),
					"rule 6: the user's compensation"
				);
				expected.credit(&before.submitter.clone(), *compensation);
				expected.credit(treasury, slashed - compensation);
				self.count("missed a delivery");
			},
			MarketEvent::WorkloadDeclined {
				workload,
				node,
				fee,
				compensation,
			} => {
				assert!(
					!self.honest.contains(&self.operators[node]),
					"rule 5: somebody declined for the honest operator's node {node:?}"
				);
				let before = &self.seen[workload];
				let (due, to_user) = due_for_no_output(before, before.terms.decline_fee);
				// The proof stake, which was unlocked just before, covers it.
				assert_eq!(*fee, due, "rule 6: a decline fee was not all there");
				assert_eq!(
					*compensation,
					to_user.min(due),
					"rule 6: the user's compensation"
				);
				expected.credit(&before.submitter.clone(), *compensation);
				expected.credit(treasury, fee - compensation);
				self.count("declined");
			},
			MarketEvent::ProofMissed {
				workload,
				node,
				slashed,
				compensation,
			} => {
				self.check_missed(*node);
				let before = &self.seen[workload];
				let price = before.assigned.as_ref().expect("it was drawn").price;
				let (terms, first) = (before.terms, before.failed_operators.is_empty());
				let least = if first { terms.least_compensation } else { 0 };
				let stake = stored(*workload)
					.assigned
					.expect("a node owed the proof")
					.proof_stake;
				let to_user = permille_of(price, terms.proof_compensation)
					.expect("a small price")
					.max(least) + terms.value_at_risk;
				// All of the stake is there, and it covers what the user is owed.
				assert_eq!(*slashed, stake, "rule 6: a proof stake was not all there");
				assert_eq!(*compensation, to_user, "rule 6: the user's compensation");
				expected.credit(&before.submitter.clone(), *compensation);
				expected.credit(treasury, slashed - compensation);
				self.count("missed a proof");
			},
			MarketEvent::DelayedSlashTaken {
				workload,
				node,
				slashed,
				compensation,
			} => {
				let (due, to_user) = self
					.waiting
					.remove(&(*workload, *node))
					.expect("rule 1: a slash was delayed before it is taken, and taken once");
				assert!(*slashed <= due);
				assert_eq!(*compensation, to_user.min(*slashed));
				expected.credit(&self.seen[workload].submitter.clone(), *compensation);
				expected.credit(treasury, slashed - compensation);
				self.count("took a delayed slash");
			},
			MarketEvent::CreditClaimed { account, amount } => {
				assert_eq!(
					expected.0.remove(account),
					Some(*amount),
					"rule 1: a claim paid another amount"
				);
				self.count("claimed");
			},
			MarketEvent::SlashDelayed {
				workload, amount, ..
			} => {
				self.delayed.insert(*workload, *amount);
				self.count("delayed a slash");
			},
			MarketEvent::BreakerTripped { .. } => self.count("tripped the breaker"),
			MarketEvent::WorkloadRequeued { .. } => self.count("requeued"),
			MarketEvent::WorkloadRefunded { .. } => self.count("refunded"),
			MarketEvent::WorkloadVoided { .. } => self.count("voided"),
			MarketEvent::WorkloadPruned { .. } => self.count("pruned"),
			MarketEvent::DelayedSlashesForgiven => {
				self.waiting.clear();
				self.count("forgave");
			},
			_ => {},
		}
	}

	/// Rule 5: a deadline that a node missed was not the honest operator's.
	fn check_missed(&self, node: NodeId) {
		assert!(
			!self.honest.contains(&self.operators[&node]),
			"rule 5: the honest operator's node {node:?} missed a deadline"
		);
	}

	/// Rules 1 and 4: what was settled was open, is proven right, and everybody was paid what the terms say.
	fn check_settled(&self, record: &Workload) {
		let id = record.statement.workload;
		let before = &self.seen[&id];
		assert!(!before.state.is_terminal(), "rule 4: settled twice");
		let input = Inputs::<Runtime>::get(id).expect("its input is stored");
		let output = Outputs::<Runtime>::get(id).expect("its output is stored");
		assert_eq!(
			output.into_inner(),
			circuit(record.statement.vk_hash)
				.expect("rule 4: settled under a key that is nobody's circuit")
				.execute(&input),
			"rule 4: a false output was settled"
		);
		let terms = record.terms;
		let assigned = record.assigned.as_ref().expect("it was drawn");
		let price = assigned.price;
		assert!(price <= terms.max_price, "rule 1: a price is above the bid");
		let kept = 1_000 - terms.treasury_share;
		let shared = price.saturating_sub(terms.verification_fee);
		let royalty = terms.royalty.min(shared);
		let floor = Balance::from(terms.compute_units.0) * terms.price_floor;
		let floor = assigned.multiplier.earn(floor).expect("a small price");
		let work = floor.min(shared - royalty);
		let part = |amount| permille_of(amount, kept).expect("a small price");
		let (worker, creator) = (part(work), part(royalty));
		let slot = if before.failed_operators.is_empty() {
			terms.slot_fee
		} else {
			0
		};
		let account = record.settlement;
		assert_eq!(
			(account.worker, account.creator, account.treasury),
			(
				worker + terms.risk_fee,
				creator,
				price - worker - creator + slot
			),
			"rule 1: the parts of a price"
		);
	}

	/// Rules 1, 2, 6 and 9 on what is stored: the pallets' own invariants, and those between them.
	fn check_records(&mut self) {
		NetworkParameters::do_try_state().expect("network-parameters");
		WorkerStaking::do_try_state().expect("worker-staking");
		NodePool::do_try_state().expect("node-pool");
		ModelRegistry::do_try_state().expect("model-registry");
		InferenceMarket::do_try_state().expect("inference-market");

		let mut loads = BTreeMap::<NodeId, [u64; 2]>::new();
		let mut stakes = BTreeMap::<AccountId, Balance>::new();
		let mut in_flight = BTreeMap::<_, u32>::new();
		let mut escrow = BTreeMap::<AccountId, [Balance; 2]>::new();
		for (id, record) in Workloads::<Runtime>::iter() {
			let held = escrow.entry(record.submitter.clone()).or_default();
			held[0] += record.held;
			held[1] += record.deposit;
			if record.state.is_terminal() {
				check_ended(&record);
				let before = &self.seen[&id];
				assert!(
					!before.state.is_terminal() || before.state == record.state,
					"rule 1: {:?} became {:?}",
					before.state,
					record.state
				);
			} else {
				let end = self.ends[&id].0 + HOOK_IS_LATE;
				assert!(
					now().0 <= end,
					"rule 6: {:?} since {:?}, and now is {:?}",
					record.state,
					self.ends[&id],
					now()
				);
				*in_flight.entry(record.statement.model).or_default() += 1;
				if let Some(assigned) = &record.assigned {
					*stakes.entry(assigned.operator.clone()).or_default() += assigned.proof_stake;
					let load = loads.entry(assigned.node).or_default();
					load[usize::from(record.state == WorkloadState::Unproven)] +=
						record.terms.compute_units.0;
				}
			}
			self.seen.insert(id, record);
		}
		// Rule 2: nodes owe what their workloads reserve, and nothing else.
		for (id, node) in pallet_node_pool::Nodes::<Runtime>::iter() {
			assert_eq!(
				[node.outstanding.0, node.proving.0],
				loads.remove(&id).unwrap_or_default(),
				"rule 2: node {id:?} owes something else than its workloads"
			);
		}
		assert!(loads.is_empty(), "rule 2: a node that owes is gone");
		// Rule 1: what is held of accounts is what records say, for each reason, and nothing else.
		let mut holds = BTreeMap::<(AccountId, Vec<u8>), Balance>::new();
		let mut hold = |who: &AccountId, reason: RuntimeHoldReason, amount: Balance| {
			if amount > 0 {
				*holds.entry((who.clone(), reason.encode())).or_default() += amount;
			}
		};
		for (who, [held, deposit]) in &escrow {
			use pallet_inference_market::HoldReason::*;
			hold(who, Escrow.into(), *held);
			hold(who, StorageDeposit.into(), *deposit);
		}
		for (who, ledger) in pallet_worker_staking::Ledgers::<Runtime>::iter() {
			use pallet_worker_staking::HoldReason::*;
			assert_eq!(
				ledger.proof_stakes,
				stakes.remove(&who).unwrap_or_default(),
				"rule 1: proof stakes are not those of workloads"
			);
			let nodes = pallet_node_pool::OperatorNodes::<Runtime>::get(&who);
			assert!(
				!nodes.is_empty() || ledger.pledge.0 == 0,
				"a pledge without a node"
			);
			hold(&who, Bond.into(), ledger.bond + ledger.proof_stakes);
		}
		assert!(stakes.is_empty(), "rule 1: a ledger that answers is gone");
		for ledger in pallet_staking::Ledger::<Runtime>::iter_values() {
			let reason = pallet_staking::HoldReason::Staking.into();
			hold(&ledger.stash, reason, ledger.total);
		}
		let mut references = BTreeMap::<VkHash, u32>::new();
		for (reference, model) in pallet_model_registry::Models::<Runtime>::iter() {
			hold(
				&model.creator,
				pallet_model_registry::HoldReason::ModelDeposit.into(),
				model.deposit,
			);
			assert_eq!(
				model.in_flight,
				in_flight.remove(&reference).unwrap_or_default(),
				"a model miscounts its workloads"
			);
			*references.entry(model.vk_hash).or_default() += 1;
		}
		assert!(in_flight.is_empty(), "a model in use is gone");
		for (hash, key) in pallet_proof_verifier::Keys::<Runtime>::iter() {
			assert_eq!(
				key.references,
				references.remove(&hash).unwrap_or_default(),
				"a key miscounts its models"
			);
			for deposit in [key.registration, key.reference_deposit]
				.into_iter()
				.flatten()
			{
				let reason = pallet_proof_verifier::HoldReason::KeyDeposit.into();
				hold(&deposit.depositor, reason, deposit.amount);
			}
		}
		assert!(references.is_empty(), "a key in use is gone");
		for (who, held) in pallet_balances::Holds::<Runtime>::iter() {
			for hold in held {
				assert_eq!(
					holds.remove(&(who.clone(), hold.id.encode())),
					Some(hold.amount),
					"rule 1: {:?} of {who} is not what records say",
					hold.id
				);
			}
		}
		assert!(
			holds.is_empty(),
			"rule 1: records say more than is held: {holds:?}"
		);
	}

	/// What is too dear to check after each call, and what a block bounds.
	pub fn check_block(&self) {
		// It computes each setup's pairing lines anew.
		if System::block_number().is_multiple_of(16) {
			ProofVerifier::do_try_state().expect("proof-verifier");
		}
		let sum: Balance = frame_system::Account::<Runtime>::iter_values()
			.map(|account| account.data.free + account.data.reserved)
			.sum();
		assert_eq!(
			sum,
			Balances::total_issuance(),
			"rule 1: issuance is not the sum"
		);
		for id in Inputs::<Runtime>::iter_keys().chain(Outputs::<Runtime>::iter_keys()) {
			assert!(
				Workloads::<Runtime>::contains_key(id),
				"rule 9: a tensor of no workload"
			);
		}
		let ring = inference_primitives::ProtocolParameters::VRF_RING as usize;
		let outputs = pallet_inference_market::VrfOutputs::<Runtime>::iter_keys().count();
		assert!(outputs <= ring, "rule 9: the ring of VRF outputs");
		let limits = crate::configs::system::RuntimeBlockWeights::get();
		let used = System::block_weight();
		for class in [
			frame_support::dispatch::DispatchClass::Normal,
			frame_support::dispatch::DispatchClass::Operational,
		] {
			let most = limits.get(class).max_total.expect("it is limited");
			assert!(
				used.get(class).all_lte(most),
				"rule 9: {class:?} transactions"
			);
		}
	}

	/// What is left when everything has ended, was kept and was claimed: nothing.
	pub fn check_end(&self) {
		use pallet_inference_market as market;
		ProofVerifier::do_try_state().expect("proof-verifier");
		let left = [
			("workloads", Workloads::<Runtime>::iter_keys().count()),
			("inputs", Inputs::<Runtime>::iter_keys().count()),
			("outputs", Outputs::<Runtime>::iter_keys().count()),
			("queues", market::Queues::<Runtime>::iter_keys().count()),
			("links", market::QueueLinks::<Runtime>::iter_keys().count()),
			("inboxes", market::Inbox::<Runtime>::iter().count()),
			("deadlines", market::Deadlines::<Runtime>::iter().count()),
			("retentions", market::Retained::<Runtime>::iter().count()),
			("slashes", DelayedSlashes::<Runtime>::iter_keys().count()),
			("served", market::Turns::<Runtime>::iter_keys().count()),
		];
		for (what, count) in left {
			assert_eq!(count, 0, "rule 9: {what} are left");
		}
	}
}

/// Rules 1, 6 and 7: the account of a workload that has ended otherwise than by a proof.
fn check_ended(record: &Workload) {
	let account = record.settlement;
	if record.state == WorkloadState::Settled {
		return;
	}
	assert_eq!(
		(account.worker, account.creator),
		(0, 0),
		"rule 6: paid without a proof"
	);
	let slot = match record.state {
		WorkloadState::Cancelled => vec![record.terms.slot_fee],
		WorkloadState::Expired => vec![0, record.terms.slot_fee],
		_ => vec![0],
	};
	assert!(
		slot.contains(&account.treasury),
		"rule 6: {:?} cost the user {}",
		record.state,
		account.treasury
	);
	assert_eq!(
		account.refunded,
		account.escrowed - account.treasury,
		"rule 6: the user's money is not back"
	);
}

/// The model of a key. None of one that was changed, and can be registered all the same.
pub fn circuit(vk_hash: VkHash) -> Option<&'static Model> {
	CIRCUITS.iter().find(|model| model.vk_hash == vk_hash)
}
