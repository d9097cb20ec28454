//! What the next call is, and whose: arguments that are right, at a boundary, somebody else's, or junk.

use super::{
	super::chain::now,
	calls::{self, Nest, Order, Registration, Validation},
	prover::{Model, CIRCUITS, MOST, VALUES},
	*,
};
use inference_primitives::{node::Limits, parameters::UNIT, ProofSystem, Tick, VkHash};
use inference_verifier::Setup;
use pallet_proof_verifier::Subject;
use rand::seq::SliceRandom;

/// Most calls in one batch, and most batches within each other.
const BATCH: usize = 5;
const DEPTH: u32 = 3;

impl World {
	/// The next call, and who signs it.
	pub fn choose(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		match self.random.gen_range(0..100) {
			0..=21 => self.order(),
			22..=35 => self.work(),
			36..=45 => self.steal(),
			46..=58 => self.keep_house(),
			59..=63 => self.move_stake(),
			64..=65 => self.validate(),
			66..=75 => self.run_nodes(),
			76..=79 => self.run_models(),
			80..=83 => self.use_verifier(),
			84..=87 => self.govern(),
			88..=90 => self.honest_operator(),
			91..=93 => self.move_money(),
			_ => self.batch(DEPTH),
		}
	}

	fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
		from.choose(&mut self.random).cloned()
	}

	fn hostile(&mut self) -> Sr25519Keyring {
		self.pick(&HOSTILE).expect("there are some")
	}

	fn operator(&mut self) -> Sr25519Keyring {
		self.pick(&OPERATORS).expect("there are some")
	}

	/// A workload: mostly one of the last, at times none that there is.
	fn workload(&mut self) -> WorkloadId {
		let recent = self.workloads.len().saturating_sub(30);
		let from = if self.random.gen_ratio(1, 10) {
			0
		} else {
			recent
		};
		let candidates = self.workloads[from..].to_vec();
		match self.pick(&candidates) {
			Some(id) if !self.random.gen_ratio(1, 40) => id,
			_ => WorkloadId(self.random.gen()),
		}
	}

	/// Any amount, planck: most of them at a boundary.
	fn amount(&mut self) -> Balance {
		let any = self.random.gen_range(0..200 * UNIT);
		let choices = [
			0,
			1,
			EXISTENTIAL_DEPOSIT - 1,
			EXISTENTIAL_DEPOSIT,
			UNIT,
			100 * UNIT,
			any,
			any,
			any,
			Balance::MAX / 2,
			Balance::MAX,
		];
		self.pick(&choices).expect("there are some")
	}

	fn account(&mut self) -> AccountId {
		let treasury =
			<crate::configs::inference_market::Treasury as frame_support::traits::Get<_>>::get();
		let known: Vec<AccountId> = HOSTILE
			.iter()
			.chain(&[HONEST, USER, CREATOR, GOVERNOR])
			.map(|key| key.to_account_id())
			.chain([treasury, InferenceMarket::account_id()])
			.collect();
		match self.pick(&known) {
			Some(account) if !self.random.gen_ratio(1, 15) => account,
			_ => AccountId::new(self.random.gen()),
		}
	}

	fn model(&mut self) -> ModelRef {
		let registered = pallet_model_registry::NextModelId::<Runtime>::get().0;
		ModelRef {
			model: ModelId(self.random.gen_range(0..=registered)),
			version: if self.random.gen_ratio(1, 8) {
				self.random.gen_range(0..3)
			} else {
				1
			},
		}
	}

	/// A node: one of the signer's, or any.
	fn node(&mut self, operator: Sr25519Keyring) -> NodeId {
		let own = pallet_node_pool::OperatorNodes::<Runtime>::get(operator.to_account_id());
		let next = pallet_node_pool::NextNodeId::<Runtime>::get().0;
		match self.pick(&own) {
			Some(node) if !self.random.gen_ratio(1, 8) => node,
			_ => NodeId(self.random.gen_range(0..=next)),
		}
	}

	/// Somebody orders.
	fn order(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let honest = self.random.gen_bool(0.5);
		let signer = if honest { USER } else { self.hostile() };
		let model = if honest || self.random.gen_bool(0.7) {
			model_of(self.random.gen_range(0..3))
		} else {
			self.model()
		};
		let price = InferenceMarket::present_price(model).unwrap_or(UNIT);
		let most = MOST[0];
		let mut input: Vec<i64> = (0..VALUES)
			.map(|_| self.random.gen_range(-most..=most))
			.collect();
		let mut max_price = price + self.random.gen_range(0..UNIT / 10);
		let mut deadline = self.random.gen_range(40..=100);
		let mut value_at_risk = if self.random.gen_ratio(1, 3) {
			self.random.gen_range(0..20 * UNIT)
		} else {
			0
		};
		if !honest {
			match self.random.gen_range(0..14) {
				0 => max_price = self.amount(),
				1 => value_at_risk = self.amount(),
				2 => deadline = self.pick(&[0, 39, 101, u32::MAX]).expect("there are some"),
				3 => {
					input[0] = self
						.pick(&[i64::MIN, most + 1, i64::MAX])
						.expect("there are some")
				},
				4 => input.push(1),
				5 => input.clear(),
				6 => max_price = price - 1,
				7 => max_price = price,
				// More than any node has free: it expires.
				8 => value_at_risk = 5_000 * UNIT,
				_ => {},
			}
		}
		let mode = if self.random.gen_bool(0.4) {
			Mode::Immediate
		} else {
			Mode::Deferred
		};
		let order = Order {
			model,
			input,
			mode,
			max_price,
			deadline,
			value_at_risk,
		};
		(signer, calls::submit(order))
	}

	/// A hostile operator's worker does its work, or a false one.
	fn work(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let owed: Vec<_> = WORKERS
			.iter()
			.flat_map(|key| {
				InferenceMarket::inbox(&key.to_account_id(), None)
					.into_iter()
					.map(move |item| (*key, item))
			})
			.collect();
		let Some((worker, item)) = self.pick(&owed) else {
			return self.order();
		};
		let id = item.statement.workload;
		let assigned = item.state == WorkloadState::Assigned;
		let (Some(mut output), Some(proof)) = (self.output(id), self.proof(id)) else {
			return self.order();
		};
		if self.random.gen_ratio(1, 16) {
			return (self.worker_or_operator(worker), calls::decline(id));
		}
		let lies = self.random.gen_ratio(1, 8);
		if lies {
			output[0] = self
				.pick(&[output[0] + 1, MOST[1], -MOST[1], i64::MAX])
				.expect("some");
		}
		let call = match (item.mode, assigned) {
			(Mode::Deferred, true) => calls::deliver(id, output),
			(_, true) => calls::prove(id, Some(output), proof),
			(_, false) => calls::prove(id, None, proof),
		};
		(worker, call)
	}

	/// A worker, or the operator of its node.
	fn worker_or_operator(&mut self, worker: Sr25519Keyring) -> Sr25519Keyring {
		let operator = pallet_node_pool::WorkerNodes::<Runtime>::get(worker.to_account_id())
			.and_then(pallet_node_pool::Nodes::<Runtime>::get)
			.and_then(|node| Sr25519Keyring::from_account_id(&node.operator));
		match operator {
			Some(operator) if self.random.gen_bool(0.5) => operator,
			_ => worker,
		}
	}

	/// Proofs and outputs by whoever, for whichever workload, valid, copied or junk.
	fn steal(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let id = self.workload();
		let signer = self.hostile();
		let mut output = self.output(id).unwrap_or_else(|| vec![0; VALUES]);
		// Delivered for the honest worker, this could never be proven.
		if self.random.gen_bool(0.5) {
			output[0] = -output[0];
		}
		let valid = self.proof(id).unwrap_or_default();
		let other = self.workload();
		let proof = match self.random.gen_range(0..8) {
			0..=2 => valid,
			3 => self.proof(other).unwrap_or_default(),
			4 => Vec::new(),
			5 => vec![0; valid.len()],
			6 => {
				let mut proof = valid;
				let length = proof.len().max(1);
				let at = self.random.gen_range(0..length);
				if let Some(byte) = proof.get_mut(at) {
					*byte ^= 1 << self.random.gen_range(0..8);
				}
				proof
			},
			_ => {
				let mut proof = valid;
				proof.push(0);
				proof
			},
		};
		let call = match self.random.gen_range(0..8) {
			0 => calls::deliver(id, output),
			1 => calls::prove(id, Some(output), proof),
			2 => calls::prove(id, None, proof),
			3 => calls::decline(id),
			_ => calls::relay(id, proof),
		};
		(signer, call)
	}

	/// Deadlines, credits and records, by whoever.
	fn keep_house(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let signer = if self.random.gen_bool(0.3) {
			USER
		} else {
			self.hostile()
		};
		let call = match self.random.gen_range(0..13) {
			0 => calls::cancel(self.workload()),
			1..=2 => return self.cancel_newest(),
			3..=5 => calls::expire(self.workload()),
			6..=8 => calls::claim(self.account()),
			_ => {
				let oldest = self
					.workloads
					.iter()
					.find(|id| Workloads::<Runtime>::contains_key(*id));
				let id = oldest.copied().unwrap_or(WorkloadId([1; 32]));
				calls::prune(if self.random.gen_bool(0.8) {
					id
				} else {
					self.workload()
				})
			},
		};
		(signer, call)
	}

	/// Whose order came last takes it back: in time, if it was not drawn.
	fn cancel_newest(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let id = self
			.workloads
			.last()
			.copied()
			.unwrap_or(WorkloadId([1; 32]));
		let submitter = Workloads::<Runtime>::get(id)
			.and_then(|record| Sr25519Keyring::from_account_id(&record.submitter))
			.filter(|key| *key == USER || HOSTILE.contains(key));
		(submitter.unwrap_or(USER), calls::cancel(id))
	}

	fn move_stake(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let signer = if self.random.gen_bool(0.7) {
			self.operator()
		} else {
			self.hostile()
		};
		let ledger = pallet_worker_staking::Ledgers::<Runtime>::get(signer.to_account_id());
		let ledger = ledger.unwrap_or_default();
		let amount = match self.random.gen_range(0..6) {
			0 => ledger.bond,
			1 => ledger.bond + 1,
			2 => ledger.proof_stakes,
			3 => self.random.gen_range(0..=ledger.bond),
			_ => self.amount(),
		};
		let call = match self.random.gen_range(0..5) {
			0 => calls::bond(self.random.gen_range(0..300 * UNIT)),
			1 => calls::bond(amount),
			2 | 3 => calls::unbond(amount),
			_ => calls::withdraw(),
		};
		(signer, call)
	}

	/// Stake of validators and nominators, by whoever; and their pay, for whomever and whatever era.
	fn validate(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let signer = self.hostile();
		let era = pallet_staking::ActiveEra::<Runtime>::get().map_or(0, |era| era.index);
		let what = match self.random.gen_range(0..14) {
			0 | 1 => Validation::Bond(self.amount()),
			2 => Validation::BondExtra(self.amount()),
			3 => Validation::Rebond(self.amount()),
			4 => Validation::Unbond(self.amount()),
			5 => Validation::Withdraw(self.random.gen_range(0..3)),
			6 => Validation::Validate,
			7 => Validation::Chill,
			8 => {
				let validators = pallet_session::Validators::<Runtime>::get();
				let other = self.account();
				let whom = self.pick(&validators).unwrap_or(other.clone());
				Validation::Nominate(vec![whom, other])
			},
			_ => {
				let validators = pallet_session::Validators::<Runtime>::get();
				let other = self.account();
				let era = (era + 1).saturating_sub(self.random.gen_range(0..4));
				Validation::Payout(self.pick(&validators).unwrap_or(other), era)
			},
		};
		(signer, calls::validation(what))
	}

	/// A consent: right, for another operator, or of another key.
	fn consent(&mut self, operator: Sr25519Keyring) -> (AccountId, Signature) {
		let worker = self.pick(&WORKERS).expect("there are some");
		let honest = HONEST_WORKERS[0];
		match self.random.gen_range(0..8) {
			// What the honest operator's key signed for it is public.
			0 => (
				honest.to_account_id(),
				calls::consent(honest, &HONEST.to_account_id()),
			),
			1 => (
				honest.to_account_id(),
				calls::consent(worker, &operator.to_account_id()),
			),
			2 => (
				USER.to_account_id(),
				calls::consent(worker, &operator.to_account_id()),
			),
			_ => (
				worker.to_account_id(),
				calls::consent(worker, &operator.to_account_id()),
			),
		}
	}

	fn capacity(&mut self) -> u64 {
		let any = self.random.gen_range(1..=4);
		self.pick(&[0, 1, 1, 2, any, any, u64::MAX])
			.expect("there are some")
	}

	fn run_nodes(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let signer = if self.random.gen_bool(0.85) {
			self.operator()
		} else {
			self.hostile()
		};
		let node = self.node(signer);
		let call = match self.random.gen_range(0..16) {
			0 | 1 => {
				let (worker, consent) = self.consent(signer);
				calls::register_node(worker, self.capacity(), consent)
			},
			2 | 3 => {
				let (worker, consent) = self.consent(signer);
				calls::set_worker(node, worker, consent)
			},
			4..=6 => calls::set_capacity(node, self.capacity()),
			7 | 8 => calls::join(node, self.model()),
			9 => calls::leave(node, self.model()),
			10 => calls::deregister(node),
			11 => calls::pause(node),
			12 => {
				let limits = self.limits();
				calls::set_limits(node, self.model(), limits)
			},
			_ => calls::resume(node),
		};
		(signer, call)
	}

	/// Limits that keep everything out, nothing, or some.
	fn limits(&mut self) -> Option<Limits> {
		if self.random.gen_ratio(1, 6) {
			return None;
		}
		let any = self.random.gen_range(0..20 * UNIT);
		let mut most = || {
			let choices = [Balance::MAX, Balance::MAX, Balance::MAX, any, 0];
			self.pick(&choices).expect("there are some")
		};
		let (max_value_at_risk, max_proof_stake) = (most(), most());
		let price = InferenceMarket::present_price(model_of(0)).unwrap_or(UNIT);
		Some(Limits {
			max_value_at_risk,
			max_proof_stake,
			min_work_price: self.pick(&[0, 0, 0, 1, price, UNIT]).expect("some"),
			multiplier: calls::multiplier(self.random.gen_range(99..=400)),
		})
	}

	fn registration(&mut self) -> Registration {
		let key = self.random.gen_range(0..CIRCUITS.len());
		let mut registration = Registration::of(CIRCUITS[key].plan.clone(), UNIT);
		match self.random.gen_range(0..8) {
			0 => registration.input.max += 1,
			1 => registration.input.shape = vec![u32::MAX; 3],
			2 => registration.royalty = self.amount(),
			3 => registration.max_fee = self.amount(),
			4 => registration.key.truncate(40),
			5 => {
				let at = self.random.gen_range(0..registration.key.len());
				registration.key[at] ^= 1;
			},
			_ => {},
		}
		registration
	}

	fn run_models(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		// Eve sells a model, too.
		let signer = if self.random.gen_bool(0.7) {
			Eve
		} else {
			self.hostile()
		};
		let model = if self.random.gen_bool(0.3) {
			model_of(2)
		} else {
			self.model()
		};
		let call = match self.random.gen_range(0..10) {
			0 => calls::register_model(self.registration()),
			1 => calls::register_version(model.model, self.registration()),
			2..=4 => calls::activate(model),
			5 => calls::deprecate(model),
			6 if self.random.gen_ratio(1, 3) => calls::retire(model),
			_ => calls::remove(model),
		};
		(signer, call)
	}

	fn vk_hash(&mut self) -> VkHash {
		match self.random.gen_range(0..5) {
			0 => VkHash(self.random.gen()),
			index => CIRCUITS[index % CIRCUITS.len()].vk_hash,
		}
	}

	/// A proof to verify and its key, or none that fits.
	fn proof_to_verify(&mut self) -> (VkHash, Vec<[u8; 32]>, Vec<u8>) {
		let id = self.workload();
		let found = Workloads::<Runtime>::get(id)
			.zip(pallet_inference_market::Inputs::<Runtime>::get(id))
			.zip(self.output(id))
			.zip(self.proof(id));
		let Some((((record, input), output), proof)) = found else {
			return (self.vk_hash(), vec![[0; 32]; 5], vec![0; 700]);
		};
		let mut inputs = Model::public_inputs(record.statement.clone(), &input, &output);
		if self.random.gen_ratio(1, 4) {
			inputs[1] = self
				.pick(&[[0; 32], [255; 32], inputs[2]])
				.expect("there are some");
		}
		(record.statement.vk_hash, inputs, proof)
	}

	fn use_verifier(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let signer = self.hostile();
		let call = match self.random.gen_range(0..8) {
			0 | 1 => {
				let plan = CIRCUITS[self.random.gen_range(0..CIRCUITS.len())]
					.plan
					.clone();
				calls::register_key(plan)
			},
			2..=4 => calls::release_key(self.vk_hash()),
			5 | 6 => {
				let (vk_hash, inputs, proof) = self.proof_to_verify();
				calls::verify_proof(vk_hash, inputs, proof)
			},
			_ => {
				let count = self.random.gen_range(0..4);
				calls::verify_proofs((0..count).map(|_| self.proof_to_verify()).collect())
			},
		};
		(signer, call)
	}

	fn parameters(&mut self) -> ProtocolParameters {
		let mut p = short();
		for _ in 0..self.random.gen_range(1..4) {
			let random = &mut self.random;
			match random.gen_range(0..16) {
				0 => p.miss_slash = random.gen_range(101..1_100),
				1 => p.miss_compensation = random.gen_range(0..600),
				2 => p.proof_stake = random.gen_range(900..3_000),
				3 => p.proof_compensation = random.gen_range(0..2_000),
				4 => p.treasury_share = random.gen_range(0..1_100),
				5 => p.seed_blocks = random.gen_range(0..6),
				6 => {
					p.backlog_bound = Ticks(random.gen_range(1..6));
					p.proving_backlog = Ticks(random.gen_range(1..10));
				},
				7 => p.proof_deadline = Ticks(random.gen_range(45..60)),
				8 => p.redraws = random.gen_range(0..3),
				9 => p.price_floor = random.gen_range(0..UNIT / 1_000),
				10 => p.deadlines_per_block = random.gen_range(8..560),
				11 => p.suspend_after = random.gen_range(0..5),
				12 => p.retention = Ticks(random.gen_range(0..60)),
				13 => p.decline_fee = random.gen_range(0..1_100),
				14 => p.queue_ttl = Ticks(random.gen_range(2..40)),
				_ => p.breaker_share = random.gen_range(0..1_000),
			}
		}
		p
	}

	fn root_call(&mut self) -> RuntimeCall {
		let stopped = pallet_network_parameters::Stopped::<Runtime>::get();
		let system = Subject::System(ProofSystem::Halo2);
		let setup = Setup::insecure_development().id();
		match self.random.gen_range(0..16) {
			0..=4 => calls::set_parameters(self.parameters()),
			5 => calls::set_serving(stopped),
			6 | 7 => calls::forgive(),
			8 => calls::revoke_setup(setup),
			9 => calls::approve_setup(vec![self.random.gen(); 128]),
			10 => {
				let key = Subject::Key(self.vk_hash());
				let subject = self.pick(&[system, Subject::Setup(setup), key, key, key]);
				let notice = short().unbonding.0 + self.random.gen_range(0..200);
				let end = self.random.gen_bool(0.3).then(|| Tick(now().0 + notice));
				calls::set_end_of_life(subject.expect("there are some"), end)
			},
			11 if self.may_disable => {
				// The second key: the first is what the chapter lives on, and goes late or never.
				let late = self.calls > CHAPTER * 4 / 5;
				let subject = match self.random.gen_range(0..4) {
					0 if late => system,
					1 if late => Subject::Setup(setup),
					2 if late => Subject::Key(CIRCUITS[0].vk_hash),
					_ => Subject::Key(CIRCUITS[1].vk_hash),
				};
				calls::disable(subject)
			},
			12 => calls::nest(
				Nest::BatchAll,
				vec![calls::forgive(), calls::set_parameters(short())],
			),
			_ => calls::set_parameters(short()),
		}
	}

	/// Governance, or who would like to be.
	fn govern(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let stopped = pallet_network_parameters::Stopped::<Runtime>::get();
		if stopped && self.random.gen_bool(0.5) {
			return (GOVERNOR, calls::sudo(calls::set_serving(true)));
		}
		let call = self.root_call();
		match self.random.gen_range(0..6) {
			0 => (self.hostile(), call),
			1 => (self.hostile(), calls::sudo(call)),
			2 => (GOVERNOR, call),
			_ => (GOVERNOR, calls::sudo(call)),
		}
	}

	/// The honest operator changes what it may change at any time.
	fn honest_operator(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let own = pallet_node_pool::OperatorNodes::<Runtime>::get(HONEST.to_account_id());
		let node = self.pick(&own).unwrap_or(NodeId(0));
		let worker = self.pick(&HONEST_WORKERS).expect("there are some");
		let call = match self.random.gen_range(0..10) {
			0 => calls::pause(node),
			1..=3 => calls::resume(node),
			4 => calls::set_capacity(node, self.random.gen_range(1..=3)),
			5 => {
				let consent = calls::consent(worker, &HONEST.to_account_id());
				calls::set_worker(node, worker.to_account_id(), consent)
			},
			6 => calls::bond(self.random.gen_range(UNIT..100 * UNIT)),
			7 => calls::unbond(self.random.gen_range(UNIT..200 * UNIT)),
			8 => calls::withdraw(),
			_ => calls::join(node, model_of(self.random.gen_range(0..3))),
		};
		(HONEST, call)
	}

	fn move_money(&mut self) -> (Sr25519Keyring, RuntimeCall) {
		let signer = self.hostile();
		let dest = self.account();
		let value = self.amount();
		let call = match self.random.gen_range(0..10) {
			0 if signer == FerdieStash => calls::transfer_all(dest),
			1 => calls::burn(value),
			2 => calls::purge_keys(),
			3 => calls::remark(self.random.gen_range(0..3_000)),
			4 => calls::report_finality(self.random.gen()),
			5 => calls::transfer(dest, value, true),
			_ => calls::transfer(dest, value, false),
		};
		(signer, call)
	}

	/// Calls within calls.
	fn batch(&mut self, depth: u32) -> (Sr25519Keyring, RuntimeCall) {
		let count = self.random.gen_range(0..=BATCH);
		let mut signer = self.hostile();
		let calls: Vec<RuntimeCall> = (0..count)
			.map(|_| {
				let (by, call) = match self.random.gen_range(0..10) {
					0..=1 if depth > 0 => self.batch(depth - 1),
					0..=3 => self.order(),
					4 => self.steal(),
					5..=6 => self.keep_house(),
					7 => self.move_stake(),
					8 => self.run_nodes(),
					_ => self.use_verifier(),
				};
				if HOSTILE.contains(&by) {
					signer = by;
				}
				call
			})
			.collect();
		let kinds = [
			Nest::Batch,
			Nest::BatchAll,
			Nest::ForceBatch,
			Nest::AsDerivative(self.random.gen_range(0..2)),
			Nest::IfElse,
		];
		let kind = self.pick(&kinds).expect("there are some");
		(signer, calls::nest(kind, calls))
	}
}
