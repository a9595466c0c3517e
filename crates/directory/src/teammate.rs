//! Teammates: the record, and the rules about creating, changing, blocking and bringing back.
//! What identity providers do beyond that is in [`provisioning`](crate::provisioning).

use crate::company::Company;
use crate::custom_field::{self, FieldValues, GivenValue};
use crate::email::EmailAddress;
use crate::event::{Durable, Event};
use crate::id::{TeamId, TeammateId};
use crate::invitation::{Invitation, InvitationEnded, InvitationWish};
use crate::kept::Kept;
use crate::occasion::{Actor, Occasion, Precondition, Stamp, Timestamp, Version};
use crate::refusal::{Refusal, Taken, TakenField};
use crate::settings::Reactivation;
use crate::text::{self, PersonName, Username};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

pub use crate::profile::{Change, Profile, ProfileChanges};
pub use crate::teammate_ref::TeammateRef;

/// Whether a teammate administers the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An administrator (`is_admin: true`).
    Admin,
    /// Everybody else.
    Regular,
}

/// Whether a teammate is there for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// There.
    Available,
    /// Away.
    Away,
}

/// Whether a teammate's account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It works.
    Active,
    /// It was deactivated (`is_blocked: true`); its history is kept.
    Blocked,
}

/// Whether identity providers see a teammate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// They do.
    #[default]
    Present,
    /// One of them deleted it: it is blocked, and gone for them until it is brought back.
    Deprovisioned,
}

impl Presence {
    /// Whether they see it.
    pub fn is_present(&self) -> bool {
        *self == Presence::Present
    }
}

/// What ties a teammate to others, and when that last changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relations {
    /// The teams that it is in, in order of their ids.
    pub teams: Box<[TeamId]>,
    /// When it last joined or left one.
    pub joined: Stamp,
    /// When it last got another name, or came or went for identity providers: whom it manages show that.
    pub named: Stamp,
    /// What identity providers gave beyond the fields of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Box<Kept>>,
}

/// A teammate's record. What only few have is in boxes: there can be millions of records in memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teammate {
    /// Its id.
    pub id: TeammateId,
    /// The address, spelt as given.
    pub email: EmailAddress,
    /// What it is mentioned by.
    pub username: Username,
    /// First name, possibly empty.
    pub first_name: PersonName,
    /// Last name, possibly empty.
    pub last_name: PersonName,
    /// Whether it administers the company.
    pub role: Role,
    /// Whether it is there for work.
    pub availability: Availability,
    /// Whether its account works.
    pub standing: Standing,
    /// The values of custom fields.
    pub custom_fields: FieldValues,
    /// How far its invitation has come.
    pub invitation: Invitation,
    /// Whether identity providers see it.
    #[serde(default, skip_serializing_if = "Presence::is_present")]
    pub presence: Presence,
    /// What ties it to others; nothing for one that never was in a team, never got another name, and that no identity provider
    /// knows. One box for all, since a record of 8 bytes more takes the allocator's next size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relations: Option<Box<Relations>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The company's version when it last changed, but for its teams and its invitation.
    pub revision: Version,
    /// When that was.
    pub updated_at: Timestamp,
}

impl Teammate {
    /// The teams it is in, in order of their ids.
    pub fn teams(&self) -> &[TeamId] {
        self.relations.as_ref().map_or(&[], |relations| &relations.teams)
    }

    /// When it got its name, as far as anybody else shows that.
    pub fn named(&self) -> Stamp {
        self.relations.as_ref().map_or_else(Stamp::default, |relations| relations.named)
    }

    pub(crate) fn note_name(&mut self, stamp: &Stamp) {
        self.relations.get_or_insert_default().named = *stamp;
    }

    pub(crate) fn keep(&mut self, kept: Option<Box<Kept>>) {
        if kept.is_some() || self.relations.is_some() {
            self.relations.get_or_insert_default().kept = kept;
        }
    }

    /// What identity providers gave beyond the fields of the record.
    pub fn kept(&self) -> &Kept {
        let kept = self.relations.as_ref().and_then(|relations| relations.kept.as_deref());
        kept.unwrap_or_else(|| Kept::nothing())
    }

    /// What the person signs in by: the address, unless an identity provider says otherwise.
    pub fn user_name(&self) -> &str {
        self.kept().user_name.as_ref().map_or(self.email.as_str(), |user_name| user_name.as_str())
    }

    /// The first and the last name; nothing, where neither is known.
    pub fn full_name(&self) -> Option<String> {
        text::full_name(&self.first_name, &self.last_name)
    }

    pub(crate) fn counts_as_admin(&self) -> bool {
        self.role == Role::Admin && self.standing == Standing::Active
    }

    pub(crate) fn touch(&mut self, stamp: &Stamp) {
        self.revision = stamp.version;
        self.updated_at = stamp.time;
    }
}

/// Creates a teammate.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTeammate {
    /// The address.
    pub email: EmailAddress,
    /// What it is mentioned by; made from the address when absent.
    pub username: Option<Username>,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Whether it administers the company.
    pub role: Role,
    /// Whether it is there for work.
    pub availability: Availability,
    /// Values of custom fields by name.
    pub custom_fields: Vec<(Box<str>, GivenValue)>,
    /// Whether the person is invited by mail.
    pub invitation: InvitationWish,
}

impl CreateTeammate {
    /// A teammate of whom the address alone is known, to be filled in.
    pub fn of(email: EmailAddress) -> Self {
        Self {
            email,
            username: None,
            first_name: PersonName::empty(),
            last_name: PersonName::empty(),
            role: Role::Regular,
            availability: Availability::Available,
            custom_fields: vec![],
            invitation: InvitationWish::Send,
        }
    }
}

/// Changes what is given of a teammate, and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateTeammate {
    /// Whom.
    pub teammate: TeammateRef,
    /// The version that the caller saw.
    pub precondition: Precondition,
    /// The new address.
    pub email: Option<EmailAddress>,
    /// The new username.
    pub username: Option<Username>,
    /// The new first name.
    pub first_name: Option<PersonName>,
    /// The new last name.
    pub last_name: Option<PersonName>,
    /// The new role.
    pub role: Option<Role>,
    /// The new availability.
    pub availability: Option<Availability>,
    /// The new standing.
    pub standing: Option<Standing>,
    /// All values of custom fields by name; replaces the whole map.
    pub custom_fields: Option<Vec<(Box<str>, GivenValue)>>,
    /// All that an identity provider gave beyond these fields; replaces what is kept.
    pub kept: Option<Box<Kept>>,
}

impl UpdateTeammate {
    /// A change of nothing, to be filled in.
    pub fn of(teammate: TeammateRef) -> Self {
        Self {
            teammate,
            precondition: Precondition::None,
            email: None,
            username: None,
            first_name: None,
            last_name: None,
            role: None,
            availability: None,
            standing: None,
            custom_fields: None,
            kept: None,
        }
    }
}

/// Deactivates a teammate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockTeammate {
    /// Whom.
    pub teammate: TeammateRef,
    /// The version that the caller saw.
    pub precondition: Precondition,
}

/// Brings a blocked teammate back; for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactivateTeammate {
    /// Whom.
    pub teammate: TeammateRef,
}

/// A teammate was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeammateCreated {
    /// Who.
    pub teammate: TeammateId,
    /// Whether it administers the company.
    pub role: Role,
    /// Whether it is there for work.
    pub availability: Availability,
    /// Whether the person is invited by mail.
    pub invitation: InvitationWish,
    /// The personal part; `None` once erased.
    #[serde(skip)]
    pub profile: Option<Profile>,
}

impl Durable for TeammateCreated {
    type Personal = Profile;

    fn personal(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    fn with_personal(mut self, personal: Option<Profile>) -> Self {
        self.profile = personal;
        self
    }
}

/// A teammate was changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeammateUpdated {
    /// Who.
    pub teammate: TeammateId,
    /// The role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Change<Role>>,
    /// The availability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Change<Availability>>,
    /// The standing, where a blocked teammate was brought back together with other changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Change<Standing>>,
    /// The personal part; `None` where nothing of it changed, and once erased.
    #[serde(skip)]
    pub profile: Option<ProfileChanges>,
}

impl Durable for TeammateUpdated {
    type Personal = ProfileChanges;

    fn personal(&self) -> Option<&ProfileChanges> {
        self.profile.as_ref()
    }

    fn with_personal(mut self, personal: Option<ProfileChanges>) -> Self {
        self.profile = personal;
        self
    }
}

/// A teammate was blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeammateBlocked {
    /// Who.
    pub teammate: TeammateId,
}

/// A blocked teammate was brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeammateReactivated {
    /// Who.
    pub teammate: TeammateId,
}

impl Company {
    pub(crate) fn change_teammate(&mut self, id: TeammateId, change: impl FnOnce(&mut Teammate)) {
        if let Some(teammate) = self.teammates.get_mut(&id) {
            change(Arc::make_mut(teammate));
        }
    }

    pub(crate) fn holder_of(&self, email: Option<&EmailAddress>, username: Option<&Username>) -> Vec<Taken> {
        let email = email.and_then(|email| Some((TakenField::Email, *self.by_email.get(&email.key())?)));
        let username = username.and_then(|name| Some((TakenField::Username, *self.by_username.get(name)?)));
        email.into_iter().chain(username).map(|(field, holder)| Taken { field, holder }).collect()
    }

    pub(crate) fn free_username(&self, email: &EmailAddress) -> Username {
        let base = Username::from_local_part(email.local_part());
        if !self.by_username.contains_key(&base) {
            return base;
        }
        // Gallop to a free number, then halve the gap to a used one: a few look-ups however many share the base.
        let is_free = |number: u64| !self.by_username.contains_key(&base.numbered(number));
        let (mut used, mut free) = (1, 2);
        while !is_free(free) {
            used = free;
            free *= 2;
        }
        while free - used > 1 {
            let middle = u64::midpoint(used, free);
            if is_free(middle) {
                free = middle;
            } else {
                used = middle;
            }
        }
        base.numbered(free)
    }
}

pub(crate) fn create(company: &Company, command: &CreateTeammate) -> Result<Vec<Event>, Refusal> {
    let custom_fields = custom_field::check(company, &command.custom_fields).map_err(Refusal::Invalid)?;
    let taken = company.holder_of(Some(&command.email), command.username.as_ref());
    if !taken.is_empty() {
        return Err(Refusal::Taken(taken));
    }
    let username = command.username.clone().unwrap_or_else(|| company.free_username(&command.email));
    Ok(vec![Event::TeammateCreated(TeammateCreated {
        teammate: TeammateId::new(company.counters.teammate + 1),
        role: command.role,
        availability: command.availability,
        invitation: command.invitation,
        profile: Some(Profile {
            email: command.email.clone(),
            username,
            first_name: command.first_name.clone(),
            last_name: command.last_name.clone(),
            custom_fields,
            kept: None,
        }),
    })])
}

pub(crate) fn update(
    company: &Company,
    command: &UpdateTeammate,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    let teammate = company.require_teammate(&command.teammate)?;
    if command.kept.is_some() {
        // Whoever keeps something about a teammate is an identity provider, and sees only some.
        company.require_present(&command.teammate)?;
    }
    changes(company, teammate, command, occasion)
}

/// What follows from a change, whoever may ask for it.
pub(crate) fn changes(
    company: &Company,
    teammate: &Teammate,
    command: &UpdateTeammate,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    check_precondition(teammate, &command.precondition)?;
    let custom_fields = command.custom_fields.as_ref().map(|given| custom_field::check(company, given));
    let custom_fields = custom_fields.transpose().map_err(Refusal::Invalid)?;
    let kept = kept_after(teammate, command);
    let mut taken = company.holder_of(command.email.as_ref(), command.username.as_ref());
    taken.extend(company.holders_of_kept(&kept));
    taken.retain(|taken| taken.holder != teammate.id);
    if !taken.is_empty() {
        return Err(Refusal::Taken(taken));
    }
    company.check_manager(teammate.kept(), &kept)?;
    let standing = command.standing.unwrap_or(teammate.standing);
    if standing != teammate.standing && standing == Standing::Active {
        check_reactivation(company, teammate, occasion)?;
    }
    let stays_admin = command.role.unwrap_or(teammate.role) == Role::Admin && standing == Standing::Active;
    if !stays_admin {
        check_another_admin(company, teammate)?;
    }
    let profile = ProfileChanges {
        email: change(&teammate.email, command.email.as_ref()),
        username: change(&teammate.username, command.username.as_ref()),
        first_name: change(&teammate.first_name, command.first_name.as_ref()),
        last_name: change(&teammate.last_name, command.last_name.as_ref()),
        custom_fields: change(&teammate.custom_fields, custom_fields.as_ref()),
        kept: change(teammate.kept(), Some(&*kept)).map(Box::new),
    };
    let mut updated = TeammateUpdated {
        teammate: teammate.id,
        role: change(&teammate.role, command.role.as_ref()),
        availability: change(&teammate.availability, command.availability.as_ref()),
        standing: None,
        profile: (profile != ProfileChanges::default()).then_some(profile),
    };
    let changes_something =
        updated.role.is_some() || updated.availability.is_some() || updated.profile.is_some();
    let moves_address = command.email.as_ref().is_some_and(|email| email.key() != teammate.email.key());
    let is_brought_back = (teammate.standing, standing) == (Standing::Blocked, Standing::Active);
    let mut events = Vec::new();
    if changes_something {
        // One event, however many things it changes: whoever hears of it hears of it once.
        updated.standing =
            is_brought_back.then_some(Change { from: Standing::Blocked, to: Standing::Active });
        events.push(Event::TeammateUpdated(updated));
    } else if is_brought_back {
        events.push(Event::TeammateReactivated(TeammateReactivated { teammate: teammate.id }));
    }
    if moves_address && matches!(teammate.invitation, Invitation::Sent { .. }) {
        // Whoever reads the old mailbox must not be able to accept for the new address.
        events.push(Event::InvitationEnded(InvitationEnded { teammate: teammate.id }));
    }
    if (teammate.standing, standing) == (Standing::Active, Standing::Blocked) {
        events.extend(blocking(company, teammate));
    }
    Ok(events)
}

/// What is kept after a change. A new address takes the place of the old one among the kept ones too, and a whole name goes
/// with the names that it is made of, so that all faces tell the same.
fn kept_after<'a>(teammate: &'a Teammate, command: &'a UpdateTeammate) -> Cow<'a, Kept> {
    if let Some(kept) = &command.kept {
        return Cow::Borrowed(kept);
    }
    let mut kept = Cow::Borrowed(teammate.kept());
    if let Some(email) = command.email.as_ref().filter(|email| **email != teammate.email) {
        kept = Cow::Owned(kept.readdressed(&teammate.email.key(), email));
    }
    let is_renamed = command.first_name.as_ref().is_some_and(|name| *name != teammate.first_name)
        || command.last_name.as_ref().is_some_and(|name| *name != teammate.last_name);
    if is_renamed {
        kept = Cow::Owned(kept.renamed());
    }
    kept
}

pub(crate) fn change<T: PartialEq + Clone>(from: &T, to: Option<&T>) -> Option<Change<T>> {
    to.filter(|to| *to != from).map(|to| Change { from: from.clone(), to: to.clone() })
}

pub(crate) fn check_precondition(teammate: &Teammate, precondition: &Precondition) -> Result<(), Refusal> {
    if precondition.allows(teammate.revision) { Ok(()) } else { Err(Refusal::ChangedSince) }
}

fn check_reactivation(company: &Company, teammate: &Teammate, occasion: &Occasion) -> Result<(), Refusal> {
    let over_rest = matches!(occasion.actor, Actor::Api(_));
    if over_rest && company.settings.reactivation == Reactivation::Console {
        return Err(Refusal::ReactivationNeedsAPerson { teammate: teammate.id });
    }
    Ok(())
}

pub(crate) fn check_another_admin(company: &Company, teammate: &Teammate) -> Result<(), Refusal> {
    if teammate.counts_as_admin() && company.active_admins == 1 {
        return Err(Refusal::LastAdmin { teammate: teammate.id });
    }
    Ok(())
}

pub(crate) fn block(company: &Company, command: &BlockTeammate) -> Result<Vec<Event>, Refusal> {
    let teammate = company.require_teammate(&command.teammate)?;
    check_precondition(teammate, &command.precondition)?;
    if teammate.standing == Standing::Blocked {
        return Ok(vec![]);
    }
    check_another_admin(company, teammate)?;
    Ok(blocking(company, teammate).collect())
}

/// The events of blocking: whoever is blocked deals with no open conversation any more.
pub(crate) fn blocking(company: &Company, teammate: &Teammate) -> impl Iterator<Item = Event> {
    let blocked = Event::TeammateBlocked(TeammateBlocked { teammate: teammate.id });
    std::iter::once(blocked).chain(company.unassignments(teammate.id))
}

pub(crate) fn reactivate(
    company: &Company,
    command: &ReactivateTeammate,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    let teammate = company.require_teammate(&command.teammate)?;
    if teammate.standing == Standing::Active {
        return Ok(vec![]);
    }
    check_reactivation(company, teammate, occasion)?;
    Ok(vec![Event::TeammateReactivated(TeammateReactivated { teammate: teammate.id })])
}

pub(crate) fn created(company: &mut Company, event: &TeammateCreated, stamp: &Stamp) {
    let TeammateCreated { teammate: id, role, availability, invitation, profile } = event;
    let Profile { email, username, first_name, last_name, custom_fields, kept } =
        profile.clone().unwrap_or_else(|| Profile {
            email: EmailAddress::erased(id),
            username: Username::erased(id),
            first_name: PersonName::empty(),
            last_name: PersonName::empty(),
            custom_fields: FieldValues::default(),
            kept: None,
        });
    company.counters.teammate = company.counters.teammate.max(id.number());
    let mut teammate = Teammate {
        id: *id,
        email,
        username,
        first_name,
        last_name,
        role: *role,
        availability: *availability,
        standing: Standing::Active,
        custom_fields,
        invitation: Invitation::wished(*invitation),
        presence: Presence::Present,
        relations: None,
        created_at: stamp.time,
        revision: stamp.version,
        updated_at: stamp.time,
    };
    teammate.keep(kept);
    company.index(&teammate);
    company.teammates.insert(*id, Arc::new(teammate));
}

pub(crate) fn updated(company: &mut Company, event: &TeammateUpdated, stamp: &Stamp) {
    let TeammateUpdated { teammate: id, role, availability, standing, profile } = event;
    let Some(before) = company.teammates.get(id).cloned() else { return };
    let mut after = Teammate::clone(&before);
    if let Some(role) = role {
        after.role = role.to;
    }
    if let Some(availability) = availability {
        after.availability = availability.to;
    }
    if let Some(Change { from: _, to: Standing::Active }) = standing {
        bring_back(&mut after, stamp);
    }
    if let Some(ProfileChanges { email, username, first_name, last_name, custom_fields, kept }) =
        profile.clone()
    {
        take(&mut after.email, email);
        take(&mut after.username, username);
        take(&mut after.first_name, first_name);
        take(&mut after.last_name, last_name);
        take(&mut after.custom_fields, custom_fields);
        if let Some(kept) = kept {
            after.keep(kept.to.boxed());
        }
    }
    after.touch(stamp);
    if (&before.first_name, &before.last_name) != (&after.first_name, &after.last_name) {
        for team in after.teams() {
            company.note_member_name(*team, stamp);
        }
        after.note_name(stamp);
    }
    replace(company, &before, after);
}

fn take<T>(field: &mut T, change: Option<Change<T>>) {
    if let Some(change) = change {
        *field = change.to;
    }
}

pub(crate) fn replace(company: &mut Company, before: &Teammate, after: Teammate) {
    company.reindex(before, &after);
    company.teammates.insert(after.id, Arc::new(after));
}

pub(crate) fn blocked(company: &mut Company, event: &TeammateBlocked, stamp: &Stamp) {
    let Some(before) = company.teammates.get(&event.teammate).cloned() else { return };
    let mut after = Teammate::clone(&before);
    after.standing = Standing::Blocked;
    after.touch(stamp);
    if let Invitation::Sent { digest, .. } = before.invitation {
        company.by_invitation.remove(&digest);
    }
    after.invitation = before.invitation.ended();
    replace(company, &before, after);
}

pub(crate) fn reactivated(company: &mut Company, event: &TeammateReactivated, stamp: &Stamp) {
    let Some(before) = company.teammates.get(&event.teammate).cloned() else { return };
    let mut after = Teammate::clone(&before);
    bring_back(&mut after, stamp);
    after.touch(stamp);
    replace(company, &before, after);
}

fn bring_back(teammate: &mut Teammate, stamp: &Stamp) {
    teammate.standing = Standing::Active;
    if teammate.presence == Presence::Deprovisioned {
        teammate.presence = Presence::Present;
        teammate.note_name(stamp);
    }
}
