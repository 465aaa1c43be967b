//! Nothing that a wallet prints, in errors or for debugging, contains what proofs hide.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::common::*;
use wufu_circuits::{Kind, Seed};
use wufu_verifier::{Amount, Fr, Time, encoding::field};
use wufu_wallet::{DonationOptions, LogName, Sources, Wallet, seed, source::MemoryLedger};

/// Every way in which a value could be printed.
fn spellings(value: &Fr) -> Vec<String> {
    let bytes = field::encode(value);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let limbs =
        bytes.chunks(8).map(|limb| u64::from_le_bytes(limb.try_into().unwrap()).to_string());
    let mut all: Vec<String> = limbs.filter(|limb| limb.len() > 12).collect();
    all.extend([value.to_string(), hex(&bytes), hex(&reversed), format!("{bytes:?}")]);
    all
}

/// Rows of docs/failures.md: 16.
#[tokio::test]
async fn nothing_that_is_printed_tells_a_secret() {
    let ledger = MemoryLedger::new(CHARITY, [1; 32]);
    let secret = Seed::from_bytes([0xc7; 32]);
    let wallet = Wallet::in_memory(secret.clone()).unwrap();
    wallet.pin_log_key(&ledger.log_key()).unwrap();
    let address = wallet.address(CHARITY);
    ledger.append_records(&LogName::donations(CHARITY, 1), &others(1500));
    let what = (project(3), Amount::new(987_654_321).unwrap(), Time::new(1_612_345_678).unwrap());
    let receipt = ledger.donate(&address, what);
    let cards = Kind::ALL.map(|kind| ledger.issue(&address, kind));
    let person = ledger.register(&address);
    ledger.seal(5);
    let receipt = ledger.sealed_donation(receipt);
    let person = ledger.sealed_person(person);
    let card = ledger.sealed_card(cards[0].clone());
    let key = donation_prover().verifying_key();
    wallet.pin_verifying_key(key).unwrap();
    let sources = Sources::one(ledger.clone());

    let mut printed = String::new();
    let mut print = |text: String| printed += &(text + "\n");
    for _ in 0..2 {
        // Taken in once, and then refused, because it is already held.
        print(format!("{:?}", wallet.receive_donation(&receipt)));
        print(format!("{:?}", wallet.receive_card(&card)));
        print(format!("{:?}", wallet.receive_person(&person)));
    }
    let mut other = card.clone();
    other.serial += 1;
    let refused = wallet.receive_card(&other).unwrap_err();
    print(format!("{refused} {refused:?}"));
    print(format!("{wallet:?} {sources:?}"));
    print(format!("{:?} {:?}", wallet.cards(), wallet.persons()));
    print(format!("{:?}", wallet.donations()));
    print(format!("{:?}", wallet.sync(&sources, CHARITY, NOW).await));
    let view = wallet.donation_log(&sources, &LogName::donations(CHARITY, 1), NOW).await.unwrap();
    print(format!("{:?}", view.view));

    let request = ask(1, question(any(), &[key.id()]));
    let plan =
        wallet.plan_donation(&sources, &request, &DonationOptions::default(), NOW).await.unwrap();
    print(format!("{plan:?} {:?} {:?}", plan.chosen(), plan.report()));
    let answer = plan.prove(&local(donation_prover()), quiet(), NOW).await.unwrap();
    print(format!("{answer:?}"));
    for prover in [local(claim_prover()), local(donation_prover())] {
        // A prover without the key; a proof that comes too late.
        let refused = plan.prove(&prover, quiet(), NOW + 1000).await.unwrap_err();
        print(format!("{prover:?} {refused} {refused:?}"));
    }
    for policy in [amounts(0, 2000), amounts(3, 3)] {
        let request = ask(1, question(policy, &[key.id()]));
        let refused =
            wallet.plan_donation(&sources, &request, &DonationOptions::default(), NOW).await;
        let refused = refused.unwrap_err();
        print(format!("{refused} {refused:?}"));
    }
    // A donation that is not in the log yet, and one that is somebody else's.
    let stranger = crate::common::wallet(9, &ledger);
    for mut bad in
        [receipt.clone(), ledger.sealed_donation(ledger.donate(&stranger.address(CHARITY), what))]
    {
        bad.epoch = 3;
        let fresh = Wallet::in_memory(secret.clone()).unwrap();
        fresh.pin_log_key(&ledger.log_key()).unwrap();
        fresh.pin_verifying_key(key).unwrap();
        print(format!("{:?}", fresh.receive_donation(&bad)));
        let planned =
            fresh.plan_donation(&sources, &request, &DonationOptions::default(), NOW).await;
        print(format!("{:?}", planned.map(drop)));
    }
    let mut text = seed::to_text(&secret).to_string();
    text.replace_range(0..1, "0");
    let refused = seed::from_text(text.as_bytes()).unwrap_err();
    print(format!("{refused} {refused:?}"));

    let sk = secret.spend_key(CHARITY);
    let leaf = receipt.record(address.pk).leaf();
    let mut secrets = vec!["c7c7c7c7".to_owned(), "199, 199, 199".to_owned()];
    for value in [
        sk.to_field(),
        address.pk.fr(),
        receipt.rcm,
        receipt.ownership().receipt,
        receipt.ownership().own(address.pk),
        leaf,
        card.card.rcm,
        card.card.rho,
        card.card.commitment(address.pk).fr(),
        person.person.salt,
        person.person.leaf(address.pk),
    ] {
        secrets.extend(spellings(&value));
    }
    for sibling in receipt.path.path(leaf).levels().as_flattened() {
        if *sibling != Fr::from(0u64) && *sibling != leaf {
            secrets.extend(spellings(sibling));
        }
    }
    secrets.extend(["987654321".into(), "1612345678".into()]);
    secrets.push(String::from_utf8(receipt.receipt.clone()).unwrap());
    secrets.push(format!("{:?}", receipt.receipt));
    assert!(printed.len() > 2000 && secrets.len() > 100);
    for secret in secrets {
        // The values in tests are small, so only values that are long enough to be told apart
        // count.
        if secret.len() > 6 {
            assert!(!printed.contains(&secret), "{secret} was printed:\n{printed}");
        }
    }
}
