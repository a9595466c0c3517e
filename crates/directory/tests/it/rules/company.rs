//! The company itself: settings, single sign-on, its place in the registry, and how it is written.

use super::{Scene, update};
use std::fmt::Write as _;
use tenure_directory::settings::Setting;
use tenure_directory::text::{CompanyName, PersonName, Slug, SsoMetadata};
use tenure_directory::{Actor, Command, Company, CompanyId, Recorded, Registry, RegistryCommand, Timestamp};

fn set(texts: &[&str]) -> Command {
    Command::ChangeSettings(texts.iter().map(|text| Setting::parse(text).unwrap()).collect())
}

#[test]
fn only_settings_that_change_are_events() {
    let mut scene = Scene::new();
    scene
        .asks("two, one of them as it is", set(&["reactivation=api", "invitations=send"]))
        .asks("the same again", set(&["reactivation=api"]))
        .asks("one after the other", set(&["rate-limit=7", "rate-limit=8"]))
        .asks(
            "all",
            set(&[
                "reactivation=console",
                "invitations=hold",
                "scim.profile=documented",
                "rate-limit=unlimited",
            ]),
        );
    insta::assert_snapshot!(scene.transcript + &scene.company.settings_in_words());
}

trait InWords {
    fn settings_in_words(&self) -> String;
}

impl InWords for Company {
    fn settings_in_words(&self) -> String {
        format!("{:?}", self.settings)
    }
}

#[test]
fn single_sign_on_is_set_changed_and_removed() {
    let mut scene = Scene::new();
    let metadata = |text: &str| Command::SetSso(SsoMetadata::parse(text).unwrap());
    scene
        .asks("remove what is not there", Command::ClearSso)
        .asks("set", metadata("<a/>"))
        .asks("set as it is", metadata("<a/>"))
        .asks("change", metadata("<b/>"))
        .asks("remove", Command::ClearSso);
    insta::assert_snapshot!(scene.transcript);
    assert!(scene.company.sso.is_none());
    scene.does(metadata("<c/>"));
    assert_eq!(scene.company.sso.as_ref().unwrap().metadata.as_str(), "<c/>");
}

/// A registry that is told commands.
#[derive(Default)]
struct Book {
    registry: Registry,
    transcript: String,
}

impl Book {
    fn asks(&mut self, what: &str, command: RegistryCommand) -> &mut Self {
        writeln!(self.transcript, "{what}").unwrap();
        match self.registry.decide(&command) {
            Err(refusal) => writeln!(self.transcript, "  {}: {refusal}", refusal.code()).unwrap(),
            Ok(registration) => {
                for event in registration.registry {
                    let encoded = event.encode();
                    writeln!(self.transcript, "  {} {}", encoded.name, encoded.body).unwrap();
                    let version = self.registry.version.next();
                    let time = Timestamp::from_ms(1_700_000_000_000);
                    let recorded = Recorded { version, time, actor: Actor::Operator, event };
                    self.registry = std::mem::take(&mut self.registry).evolve(&recorded);
                }
                for event in registration.events {
                    writeln!(self.transcript, "  {}: {}", registration.company, event.sentence()).unwrap();
                }
            }
        }
        self
    }
}

fn create(name: &str, slug: Option<&str>) -> RegistryCommand {
    let slug = slug.map(|slug| Slug::parse(slug).unwrap());
    RegistryCommand::CreateCompany { name: CompanyName::parse(name).unwrap(), slug }
}

fn rename(company: u64, name: &str) -> RegistryCommand {
    RegistryCommand::RenameCompany {
        company: CompanyId::new(company),
        name: CompanyName::parse(name).unwrap(),
    }
}

#[test]
fn a_company_has_a_slug_of_its_own_and_may_share_its_name() {
    let mut book = Book::default();
    book.asks("the first", create("Harbor Coffee", None))
        .asks("the same name", create("Harbor Coffee", None))
        .asks("and again", create("Harbor Coffee", None))
        .asks("a slug of one's choice", create("Acme", Some("the-acme")))
        .asks("a taken slug", create("Other", Some("the-acme")))
        .asks("rename", rename(4, "Acme & Sons"))
        .asks("rename to what it is", rename(4, "Acme & Sons"))
        .asks("rename nobody", rename(9, "X"));
    insta::assert_snapshot!(book.transcript);
    let found = |given: &str| book.registry.find(given).map(|entry| entry.id.number()).ok();
    assert_eq!(
        (found("the-acme"), found("cmp_2"), found("cmp_9"), found("nobody")),
        (Some(4), Some(2), None, None)
    );
    assert_eq!(book.registry.get(CompanyId::new(4)).unwrap().name.as_str(), "Acme & Sons");
    assert_eq!(book.registry.entries().count(), 4);
    let read = Registry::from_bytes(&book.registry.to_bytes()).unwrap();
    assert_eq!((read.to_bytes(), read.version), (book.registry.to_bytes(), book.registry.version));
    assert_eq!(read.find("harbor-coffee-2").unwrap().id, CompanyId::new(2));
}

#[test]
fn a_state_is_written_whole_and_read_back() {
    let mut scene = Scene::with_people();
    scene.does(update(2, |bo| bo.first_name = Some(PersonName::parse("Bo").unwrap())));
    let written = scene.written();
    assert_eq!(written["version"], 5);
    assert_eq!(written["teammates"][1]["first_name"], "Bo");
    let read = Company::from_bytes(&scene.company.to_bytes()).unwrap();
    assert_eq!(read.to_bytes(), scene.company.to_bytes());
    assert_eq!(read.active_admins(), 1);
    assert!(scene.company.approximate_memory() > 3 * 500);
    assert!(Company::from_bytes(b"{}").is_err());
}
