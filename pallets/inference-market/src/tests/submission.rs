//! `submit_workload`.

use super::*;
use inference_primitives::{hashing::tensor_hash, market::WorkloadPreimage, GenesisHash};

mod success {
	use super::*;

	#[test]
	fn the_escrow_covers_price_and_fees_and_the_deposit_the_bytes() {
		ExtBuilder::default().build_and_execute(|| {
			let order = Order {
				value_at_risk: 1_000,
				max_price: 4_000_000_000,
				..Order::default()
			};
			let id = order.submit();
			// Price, a tenth of it for a decline, a hundredth of the value at risk, the slot.
			let escrow = 4_000_000_000 + 400_000_000 + 10 + UNIT / 10_000;
			assert_eq!(held(HoldReason::Escrow, USER), escrow);
			// Three values and the record.
			assert_eq!(
				held(HoldReason::StorageDeposit, USER),
				(3 * 8 + Balance::from(RECORD_BYTES)) * UNIT / 10_000
			);
			assert_eq!(workload(id).settlement.escrowed, escrow);
			assert_event(Event::WorkloadSubmitted {
				workload: id,
				submitter: USER,
				model: MODEL,
				escrowed: escrow,
			});
		});
	}

	#[test]
	fn the_workload_waits_in_its_models_queue() {
		ExtBuilder::default().build_and_execute(|| {
			let id = Order::default().submit();
			assert_eq!(state(id), WorkloadState::Queued);
			assert_eq!(Queues::<Test>::get(MODEL).first, Some(id));
			assert_eq!(ServedModels::<Test>::get().unwrap().next, MODEL);
			assert_eq!(Inputs::<Test>::get(id).unwrap().to_vec(), INPUT.to_vec());
			assert_eq!(in_flight(MODEL), 1);
		});
	}

	#[test]
	fn the_identifier_binds_chain_submitter_count_and_every_field() {
		ExtBuilder::default().build_and_execute(|| {
			let order = Order::default();
			let id = order.clone().submit();
			let expected = WorkloadPreimage {
				genesis: GenesisHash(Market::genesis_hash()),
				domain: 7,
				submitter: &USER,
				nonce: 0,
				model: MODEL,
				vk_hash: inference_primitives::VkHash([1; 32]),
				input: tensor_hash(&INPUT),
				destination: Destination::Local,
				max_price: order.max_price,
				deadline: order.deadline,
				value_at_risk: 0,
				mode: Mode::Deferred,
			}
			.id();
			assert_eq!(id, expected);
			let statement = workload(id).statement;
			assert_eq!((statement.workload, statement.domain), (id, 7));
			assert_ne!(order.submit(), id);
		});
	}

	#[test]
	fn the_present_price_is_enough() {
		ExtBuilder::default().build_and_execute(|| {
			Order {
				max_price: price(),
				..Order::default()
			}
			.submit();
		});
	}

	#[test]
	fn the_shortest_and_the_longest_deadline_are_accepted() {
		ExtBuilder::default().build_and_execute(|| {
			Order {
				deadline: parameters().min_deadline,
				..Order::default()
			}
			.submit();
			Order {
				deadline: parameters().max_deadline,
				..Order::default()
			}
			.submit();
		});
	}

	#[test]
	fn a_workload_whose_last_proof_precedes_the_keys_end_of_life_is_accepted() {
		ExtBuilder::default().build_and_execute(|| {
			let order = Order::default();
			let last = now()
				.after(order.deadline)
				.after(parameters().proof_deadline);
			EndOfLife::set(Some(last.after(Ticks(1))));
			order.submit();
			let order = Order::immediate();
			EndOfLife::set(Some(now().after(order.deadline).after(Ticks(1))));
			order.submit();
		});
	}

	#[test]
	fn a_workload_is_proven_before_the_end_of_life_whichever_attempt_delivers() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100), (BOB, 100)])
			.build_and_execute(|| {
				let order = Order {
					deadline: Ticks(60),
					..Order::default()
				};
				let last = now().after(Ticks(60)).after(parameters().proof_deadline);
				EndOfLife::set(Some(last.after(Ticks(1))));
				// Missed once, drawn again, delivered as late as it may be, and so proven.
				let id = order.submit_and_draw();
				run_to_tick(Tick(workload(id).deadline.0 + 1));
				run_to_draw();
				run_to_tick(workload(id).deadline);
				deliver(id);
				assert!(workload(id).deadline <= last);
				run_to_tick(workload(id).deadline);
				prove(id);
				assert_eq!(state(id), WorkloadState::Settled);
			});
	}

	#[test]
	fn a_deprecated_model_is_still_for_sale() {
		ExtBuilder::default().build_and_execute(|| {
			change_model(MODEL, |model| model.status = ModelStatus::Deprecated);
			Order::default().submit();
		});
	}
}

mod failure {
	use super::*;

	#[track_caller]
	fn assert_refused(order: Order, error: impl Into<DispatchError>) {
		let error = error.into();
		assert_noop!(order.try_submit(), error);
	}

	#[test]
	fn an_unknown_model_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			assert_refused(
				Order {
					model: model(9),
					..Order::default()
				},
				Error::<Test>::UnknownModel,
			);
		});
	}

	#[test]
	fn a_draft_or_retired_model_is_not_for_sale() {
		ExtBuilder::default().build_and_execute(|| {
			for status in [ModelStatus::Draft, ModelStatus::Retired] {
				change_model(MODEL, |model| model.status = status);
				assert_refused(Order::default(), Error::<Test>::ModelNotForSale);
			}
		});
	}

	#[test]
	fn an_input_of_another_shape_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			for input in [vec![], vec![1], vec![1, 2, 3]] {
				let order = Order {
					input,
					..Order::default()
				};
				assert_refused(order, Error::<Test>::WrongInputShape);
			}
		});
	}

	#[test]
	fn an_input_outside_the_domain_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			for input in [vec![101, 0], vec![0, -101]] {
				let order = Order {
					input,
					..Order::default()
				};
				assert_refused(order, Error::<Test>::InputOutOfDomain);
			}
		});
	}

	#[test]
	fn a_bid_below_the_present_price_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			let order = Order {
				max_price: price() - 1,
				..Order::default()
			};
			assert_refused(order, Error::<Test>::BidTooLow);
		});
	}

	#[test]
	fn a_deadline_out_of_range_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			for deadline in [
				parameters().min_deadline.0 - 1,
				parameters().max_deadline.0 + 1,
			] {
				let order = Order {
					deadline: Ticks(deadline),
					..Order::default()
				};
				assert_refused(order, Error::<Test>::BadDeadline);
			}
		});
	}

	#[test]
	fn a_proof_that_may_be_due_at_the_keys_end_of_life_or_later_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			let immediate = Order::immediate();
			let deferred = Order::default();
			let due = now().after(immediate.deadline);
			EndOfLife::set(Some(due));
			assert_refused(immediate.clone(), Error::<Test>::EndOfLife);
			EndOfLife::set(Some(due.after(parameters().proof_deadline)));
			assert_refused(deferred.clone(), Error::<Test>::EndOfLife);
			// A proof that comes with the output is due early enough; and so with a shorter wait,
			// and with another key.
			immediate.submit();
			Order {
				deadline: Ticks(deferred.deadline.0 - 1),
				..deferred.clone()
			}
			.submit();
			Order {
				model: model(2),
				..deferred
			}
			.submit();
		});
	}

	#[test]
	fn amounts_that_overflow_are_refused() {
		ExtBuilder::default().build_and_execute(|| {
			let order = Order {
				value_at_risk: Balance::MAX,
				..Order::default()
			};
			assert_refused(order, Error::<Test>::Overflow);
			let order = Order {
				max_price: Balance::MAX,
				..Order::default()
			};
			assert_refused(order, Error::<Test>::Overflow);
			let order = Order {
				max_price: Balance::MAX / 1_200,
				..Order::default()
			};
			assert_refused(order, Error::<Test>::Overflow);
		});
	}

	#[test]
	fn a_full_queue_takes_no_more() {
		ExtBuilder::default().build_and_execute(|| {
			for _ in 0..MAX_QUEUED {
				Order::default().submit();
			}
			assert_refused(Order::default(), Error::<Test>::QueueFull);
			Order {
				model: model(2),
				..Order::default()
			}
			.submit();
		});
	}

	#[test]
	fn a_bounded_number_of_models_has_queues() {
		ExtBuilder::default().build_and_execute(|| {
			let order = |id| Order {
				model: model(id),
				..Order::default()
			};
			let first = order(1).submit();
			order(2).submit();
			order(3).submit();
			assert_refused(order(4), Error::<Test>::TooManyServedModels);
			assert_ok!(Market::cancel(RuntimeOrigin::signed(USER), first));
			order(4).submit();
		});
	}

	#[test]
	fn the_same_workload_is_not_submitted_twice() {
		ExtBuilder::default().build_and_execute(|| {
			Order::default().submit();
			SubmitterNonces::<Test>::insert(USER, 0);
			assert_refused(Order::default(), Error::<Test>::DuplicateWorkload);
		});
	}

	#[test]
	fn an_escrow_that_the_account_cannot_pay_is_refused() {
		ExtBuilder::default().build_and_execute(|| {
			let order = Order {
				max_price: FUNDS,
				..Order::default()
			};
			assert_refused(order, TokenError::FundsUnavailable);
		});
	}

	#[test]
	fn an_immediate_order_puts_nothing_at_risk() {
		ExtBuilder::default().build_and_execute(|| {
			let order = Order {
				value_at_risk: 1,
				..Order::immediate()
			};
			assert_noop!(order.try_submit(), Error::<Test>::NothingAtRisk);
		});
	}

	#[test]
	fn a_deposit_that_the_account_cannot_pay_is_refused_and_the_escrow_not_kept() {
		ExtBuilder::default().build_and_execute(|| {
			let max_price = (FUNDS - EXISTENTIAL_DEPOSIT - slot_fee()) * 10 / 11;
			let order = Order {
				max_price,
				..Order::default()
			};
			assert_refused(order, TokenError::FundsUnavailable);
		});
	}

	#[test]
	fn only_signed_origins_are_accepted() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit();
				let (root, bad) = (RuntimeOrigin::root, DispatchError::BadOrigin);
				let input: Tensor = INPUT.to_vec().try_into().unwrap();
				assert_noop!(
					Market::submit_workload(
						root(),
						MODEL,
						input.clone(),
						Destination::Local,
						Mode::Deferred,
						2 * price(),
						Ticks(200),
						0
					),
					bad
				);
				assert_noop!(Market::cancel(root(), id), bad);
				assert_noop!(Market::deliver(root(), id, input), bad);
				let proof = Default::default();
				assert_noop!(Market::prove(root(), id, None, proof, VERIFY_WEIGHT), bad);
				assert_noop!(Market::expire(root(), id), bad);
				assert_noop!(Market::claim(root(), USER), bad);
				assert_noop!(Market::prune(root(), id), bad);
			});
	}
}
