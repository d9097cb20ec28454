//! The draw: when, to whom, at what price, and what it reserves.

use super::*;
use inference_primitives::hashing::tagged_hash;

mod success {
	use super::*;

	#[test]
	fn a_workload_is_drawn_once_the_seed_blocks_are_there() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit();
				run_blocks(parameters().seed_blocks);
				assert_eq!(state(id), WorkloadState::Queued);
				run_blocks(1);
				assert_eq!(state(id), WorkloadState::Assigned);
				let due = workload(id).deadline;
				assert_eq!(due, now().after(parameters().base_latency).after(Ticks(1)));
				assert_event(Event::WorkloadAssigned {
					workload: id,
					node: NodeId(0),
					worker: ALICE * 10,
					price: price(),
					due,
				});
				assert!(owes(ALICE * 10, id));
			});
	}

	#[test]
	fn the_node_can_be_derived_again_from_later_blocks_vrf_outputs() {
		for salt in 0..10 {
			let nodes = [(ALICE, 100), (BOB, 100), (CAROL, 100)];
			ExtBuilder::default().nodes(&nodes).build_and_execute(|| {
				VrfSalt::set(salt);
				for (operator, node, asked) in [(CAROL, 2, 300), (ALICE, 0, 150)] {
					assert_ok!(set_multiplier(operator, node, asked));
				}
				next_epoch();
				let entered = System::block_number();
				// The work at twice the base price, and all that comes on top.
				let id = Order {
					max_price: price() + Balance::from(COMPUTE_UNITS) * parameters().price_floor,
					..Order::default()
				}
				.submit_and_draw();
				let outputs: Vec<Hash> = (1..=u64::from(parameters().seed_blocks))
					// A block's output is read in the next block.
					.map(|offset| tagged_hash(b"vrf", &(salt, entered + offset + 1)))
					.collect();
				let seed = tagged_hash(b"inference-network/seed/v1", &(id, 0u8, outputs));
				let pool = pallet_node_pool::Pools::<Test>::get(MODEL);
				// Those that ask least come first. A number is drawn below the weight of those whose price
				// is within the bid, of twice the base price here: Carol asks thrice as much.
				let asked: Vec<_> = pool.iter().map(|member| member.multiplier()).collect();
				assert_eq!(asked, [100, 150, 300].map(multiplier));
				let terms = workload(id).terms;
				let work = Balance::from(terms.compute_units.0) * Market::base_price();
				let payable = pool
					.iter()
					.filter(|member| {
						let work = member.multiplier().charge(work).unwrap();
						work + ROYALTY + verification_fee() <= terms.max_price
					})
					.map(|member| u128::from(member.cumulative))
					.max()
					.unwrap();
				assert_eq!(payable, 10_000 + 6_666);
				let expected = (0..16).find_map(|i| {
					let digest = tagged_hash(b"inference-network/draw/v1", &(seed, i));
					let sample = u128::from_le_bytes(digest[..16].try_into().unwrap()) % payable;
					pool.iter()
						.find(|member| u128::from(member.cumulative) > sample)
				});
				assert_eq!(Some(assigned(id).node), expected.map(|member| member.node));
			});
		}
	}

	#[test]
	fn the_seed_blocks_are_those_that_were_in_force_when_it_was_ordered() {
		for (then, later) in [(3, 1), (3, 9)] {
			ExtBuilder::default()
				.nodes(&[(ALICE, 100)])
				.parameters(|parameters| parameters.seed_blocks = then)
				.build_and_execute(|| {
					let old = Order::default().submit();
					set_parameters(|parameters| parameters.seed_blocks = later);
					let new = Order::default().submit();
					let (mut at, since) = ([0; 2], System::block_number());
					for _ in 0..=9 {
						run_blocks(1);
						for (id, at) in [old, new].into_iter().zip(&mut at) {
							if state(id) == WorkloadState::Assigned && *at == 0 {
								*at = System::block_number() - since;
							}
						}
					}
					// One that came later waits behind it, however few blocks seed its draw.
					let new = u64::from(later.max(then)) + 1;
					assert_eq!(at, [u64::from(then) + 1, new]);
				});
		}
	}

	#[test]
	fn a_later_attempt_is_seeded_by_the_outputs_that_are_newest_then() {
		for salt in 0..10 {
			let nodes = [(ALICE, 100), (BOB, 100), (CAROL, 100)];
			ExtBuilder::default().nodes(&nodes).build_and_execute(|| {
				VrfSalt::set(salt);
				let id = Order {
					max_price: price(),
					..Order::default()
				}
				.submit();
				BasePrice::<Test>::put(parameters().price_ceiling);
				run_to_draw();
				run_blocks(7);
				assert_eq!(state(id), WorkloadState::Queued);
				BasePrice::<Test>::put(parameters().price_floor);
				run_blocks(1);
				let drawn_in = System::block_number();
				// The output of block n - 1 was read in block n, and so on.
				let outputs: Vec<Hash> = (0..u64::from(parameters().seed_blocks))
					.rev()
					.map(|age| tagged_hash(b"vrf", &(salt, drawn_in - age)))
					.collect();
				let seed = tagged_hash(b"inference-network/seed/v1", &(id, 0u8, outputs));
				let pool = pallet_node_pool::Pools::<Test>::get(MODEL);
				let digest = tagged_hash(b"inference-network/draw/v1", &(seed, 0u32));
				let sample = u128::from_le_bytes(digest[..16].try_into().unwrap()) % 30_000;
				let expected = pool
					.iter()
					.find(|member| u128::from(member.cumulative) > sample);
				assert_eq!(Some(assigned(id).node), expected.map(|member| member.node));
			});
		}
	}

	#[test]
	fn dead_weight_of_95_percent_of_a_pool_makes_no_order_expire() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 1_900), (BOB, 100)])
			.build_and_execute(|| {
				// Alice's bond falls to its minimum: she can be sampled, but lock nothing.
				let stakes = stake(ALICE);
				let origin = RuntimeOrigin::signed(ALICE);
				assert_ok!(WorkerStaking::unbond(
					origin,
					stakes.bonded - stakes.minimum
				));
				let ids: Vec<_> = (0..MAX_QUEUED).map(|_| Order::default().submit()).collect();
				run_to_draw();
				run_blocks(15);
				for id in ids {
					assert_eq!(assigned(id).operator, BOB);
				}
			});
	}

	#[test]
	fn the_price_is_the_nodes_and_the_whole_escrow_stays_until_the_end() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order {
					value_at_risk: UNIT,
					..Order::default()
				}
				.submit();
				let escrowed = workload(id).held;
				let most = 2 * price();
				assert_eq!(escrowed, most + most / 10 + UNIT / 100 + slot_fee());
				run_to_draw();
				assert_eq!(price_of(id), Some(price()));
				assert_eq!(workload(id).held, escrowed);
				assert_eq!(held(HoldReason::Escrow, USER), escrowed);
				assert_eq!(credit(TREASURY), 0);
				assert_eq!(workload(id).settlement.refunded, 0);
				deliver(id);
				prove(id);
				let paid = price() + UNIT / 100 + slot_fee();
				assert_eq!(held(HoldReason::Escrow, USER), 0);
				assert_eq!(workload(id).settlement.refunded, escrowed - paid);
			});
	}

	#[test]
	fn capacity_and_proof_stake_are_reserved() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order {
					value_at_risk: 7 * UNIT,
					..Order::default()
				}
				.submit_and_draw();
				let stake_of = price() * 3 / 2 + 7 * UNIT;
				assert_eq!(assigned(id).proof_stake, stake_of);
				assert_eq!(stake(ALICE).proof_stakes, stake_of);
				assert_eq!(stake(ALICE).bonded, FUNDS / 2 - stake_of);
				assert_eq!(
					NodePool::view(NodeId(0)).unwrap().outstanding,
					ComputeUnits(COMPUTE_UNITS)
				);
			});
	}

	#[test]
	fn a_price_that_fell_is_the_one_paid_and_one_that_rose_above_the_bid_is_waited_out() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order {
					max_price: price(),
					..Order::default()
				}
				.submit();
				BasePrice::<Test>::put(2 * parameters().price_floor);
				run_to_draw();
				assert_eq!(state(id), WorkloadState::Queued);
				BasePrice::<Test>::put(parameters().price_floor);
				run_blocks(1);
				assert_eq!(state(id), WorkloadState::Assigned);
				assert_eq!(price_of(id), Some(price()));
			});
	}

	#[test]
	fn an_operators_own_order_goes_to_another_operator() {
		for salt in 0..10 {
			ExtBuilder::default()
				.nodes(&[(ALICE, 100), (BOB, 100)])
				.build_and_execute(|| {
					VrfSalt::set(salt);
					let worker = ALICE * 10;
					let (from, some) = (RuntimeOrigin::signed(STRANGER), FUNDS / 2);
					assert_ok!(Balances::transfer_keep_alive(from, worker, some));
					for own in [ALICE, worker] {
						let id = Order {
							submitter: own,
							..Order::default()
						}
						.submit_and_draw();
						assert_eq!(assigned(id).operator, BOB);
					}
				});
		}
	}

	#[test]
	fn capacity_is_never_exceeded() {
		let nodes = [(ALICE, 2), (BOB, 5), (CAROL, 9)];
		ExtBuilder::default().nodes(&nodes).build_and_execute(|| {
			for _ in 0..MAX_QUEUED {
				Order::default().submit();
			}
			for _ in 0..15 {
				run_blocks(1);
				check_state();
			}
			for (node, capacity) in [2, 5, 9].into_iter().enumerate() {
				let outstanding = NodePool::view(NodeId(node as u32)).unwrap().outstanding.0;
				// Everybody is as full as whole workloads allow.
				assert_eq!(outstanding, capacity * 20 / COMPUTE_UNITS * COMPUTE_UNITS);
			}
		});
	}
}

mod failure {
	use super::*;

	/// Runs a while and asserts that the workload was not drawn.
	#[track_caller]
	fn assert_waits(id: WorkloadId) {
		run_blocks(20);
		assert_eq!(state(id), WorkloadState::Queued);
	}

	#[test]
	fn nobody_serves_a_model_without_nodes() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				assert_waits(
					Order {
						model: model(3),
						..Order::default()
					}
					.submit(),
				);
			});
	}

	#[test]
	fn an_operators_own_order_waits_when_there_is_nobody_else() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				assert_waits(
					Order {
						submitter: ALICE,
						..Order::default()
					}
					.submit(),
				);
			});
	}

	#[test]
	fn more_than_a_nodes_backlog_waits() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 1)])
			.build_and_execute(|| {
				assert_waits(Order::default().submit());
			});
	}

	#[test]
	fn more_value_at_risk_than_anybodys_free_stake_waits() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				let free = FUNDS / 2 - 200 * UNIT - price() * 3 / 2;
				assert_waits(
					Order {
						value_at_risk: free + 1,
						..Order::default()
					}
					.submit(),
				);
				Order {
					value_at_risk: free,
					..Order::default()
				}
				.submit_and_draw();
			});
	}

	#[test]
	fn blocks_without_vrf_outputs_draw_nobody_until_there_are_enough_again() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit();
				HasVrf::set(false);
				assert_waits(id);
				HasVrf::set(true);
				run_blocks(3 * (parameters().seed_blocks + 1));
				assert_eq!(state(id), WorkloadState::Assigned);
			});
	}

	#[test]
	fn one_whose_time_in_the_queue_is_over_is_not_drawn_when_the_hook_is_late() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit();
				run_blocks(parameters().seed_blocks);
				pass_deadline_without_hook(id);
				Market::serve_queues(System::block_number() + 1);
				assert_eq!(state(id), WorkloadState::Queued);
			});
	}
}
