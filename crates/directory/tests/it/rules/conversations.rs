//! Conversations: how messages find theirs, who deals with them, and what becomes of a blocked teammate's.

use super::{Scene, update, who};
use tenure_directory::conversation::{
    Correspondent, Progress, ReceiveMessage, SendMessage, UpdateConversation,
};
use tenure_directory::id::TeammateId;
use tenure_directory::inbox::{Access, CreateChannel, CreateInbox};
use tenure_directory::provisioning::DeprovisionTeammate;
use tenure_directory::teammate::{BlockTeammate, Standing, TeammateRef};
use tenure_directory::text::{Handle, InboxName, MessageText, PersonName, Subject, ThreadRef};
use tenure_directory::{Command, Precondition};

fn inbox(name: &str, teammates: Vec<TeammateRef>) -> Command {
    Command::CreateInbox(CreateInbox {
        name: InboxName::parse(name).unwrap(),
        access: Access::Named,
        teammates,
    })
}

fn channel(inbox: &str) -> Command {
    Command::CreateChannel(CreateChannel { inbox: inbox.into(), name: InboxName::parse("Form").unwrap() })
}

fn message(channel: &str, handle: &str, thread: Option<&str>) -> Command {
    Command::ReceiveMessage(ReceiveMessage {
        channel: channel.into(),
        sender: Correspondent {
            handle: Handle::parse(handle).unwrap(),
            name: Some(PersonName::parse("Dee").unwrap()),
        },
        subject: Some(Subject::parse("Order").unwrap()),
        body: MessageText::parse("Where is it?").unwrap(),
        thread_ref: thread.map(|thread| ThreadRef::parse(thread).unwrap()),
    })
}

fn reply(conversation: &str, author: Option<TeammateRef>, progress: Option<Progress>) -> Command {
    let body = MessageText::parse("On its way.").unwrap();
    Command::SendMessage(SendMessage {
        conversation: conversation.into(),
        author,
        subject: None,
        body,
        progress,
    })
}

fn assign(conversation: &str, to: Option<TeammateRef>) -> Command {
    Command::UpdateConversation(UpdateConversation {
        conversation: conversation.into(),
        assignee: Some(to),
        progress: None,
        precondition: Precondition::None,
    })
}

fn moves(conversation: &str, progress: Progress) -> Command {
    Command::UpdateConversation(UpdateConversation {
        conversation: conversation.into(),
        assignee: None,
        progress: Some(progress),
        precondition: Precondition::None,
    })
}

fn with_conversations() -> Scene {
    let mut scene = Scene::with_people();
    scene.does(inbox("Orders", vec![who(2)]));
    scene.does(channel("inb_1"));
    scene.does(message("cha_1", "dee@shop.example", None));
    scene.does(message("cha_1", "eve@shop.example", None));
    scene
}

fn block(number: u64) -> Command {
    let precondition = Precondition::None;
    Command::BlockTeammate(BlockTeammate { teammate: who(number), precondition })
}

#[test]
fn an_inbox_and_its_channels() {
    let mut scene = Scene::with_people();
    scene
        .asks("an inbox for two", inbox("Orders", vec![who(2), who(3), who(2)]))
        .asks("an inbox for somebody unknown", inbox("Returns", vec![who(9), who(1)]))
        .asks("a channel", channel("inb_1"))
        .asks("a channel of nothing", channel("inb_9"))
        .asks("a channel of something else", channel("tim_1"));
    insta::assert_snapshot!(scene.transcript);
    assert!(scene.company.inboxes.values().all(|inbox| inbox.is_open_to(TeammateId::new(2))));
    assert!(!scene.company.inboxes.values().any(|inbox| inbox.is_open_to(TeammateId::new(1))));
}

#[test]
fn a_message_finds_its_conversation_by_its_thread_or_its_sender() {
    let mut scene = with_conversations();
    scene
        .asks("the same sender again", message("cha_1", "dee@shop.example", None))
        .asks("the same sender about something else", message("cha_1", "dee@shop.example", Some("order-7")))
        .asks("another sender about that", message("cha_1", "eve@shop.example", Some("order-7")))
        .asks("over no channel", message("cha_9", "dee@shop.example", None))
        .asks("archive", moves("cnv_1", Progress::Archived))
        .asks("archive again", moves("cnv_1", Progress::Archived))
        .asks("a message reopens it", message("cha_1", "dee@shop.example", None));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_reply_can_archive_and_has_an_author_who_works() {
    let mut scene = with_conversations();
    scene.does(block(3));
    scene
        .asks("by nobody in particular", reply("cnv_1", None, None))
        .asks("by bo, and archive", reply("cnv_1", Some(who(2)), Some(Progress::Archived)))
        .asks("by somebody blocked", reply("cnv_1", Some(who(3)), None))
        .asks("by somebody unknown", reply("cnv_1", Some(who(9)), None))
        .asks("nowhere", reply("cnv_9", None, None));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_conversation_is_assigned_to_those_who_work() {
    let mut scene = with_conversations();
    scene.does(block(3));
    scene
        .does(update(2, |update| update.availability = Some(tenure_directory::teammate::Availability::Away)));
    scene
        .asks("to bo, who is away", assign("cnv_1", Some(who(2))))
        .asks("to bo again", assign("cnv_1", Some(who(2))))
        .asks("to ana", assign("cnv_1", Some(who(1))))
        .asks("to somebody blocked", assign("cnv_1", Some(who(3))))
        .asks("to somebody unknown", assign("cnv_1", Some(TeammateRef::parse("bo@x.example"))))
        .asks("to nobody", assign("cnv_1", None))
        .asks("to nobody again", assign("cnv_1", None));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn blocking_unassigns_what_is_open_and_leaves_what_is_archived() {
    let mut scene = with_conversations();
    scene.does(assign("cnv_1", Some(who(2))));
    scene.does(assign("cnv_2", Some(who(2))));
    scene.does(moves("cnv_2", Progress::Archived));
    scene
        .asks("block bo", block(2))
        .asks("the archived one reopens, and is nobody's", message("cha_1", "eve@shop.example", None))
        .asks("assign it to chi, for whom the other ways are tried", assign("cnv_2", Some(who(3))))
        .asks("blocked by a change", update(3, |update| update.standing = Some(Standing::Blocked)));
    scene.does(assign("cnv_2", Some(who(1))));
    scene.does(update(3, |update| update.standing = Some(Standing::Active)));
    scene.does(assign("cnv_1", Some(who(3))));
    scene.asks("deleted by an identity provider", {
        Command::DeprovisionTeammate(DeprovisionTeammate { teammate: who(3) })
    });
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn reopening_and_assigning_at_once_takes_it_from_a_blocked_one_once() {
    let mut scene = with_conversations();
    scene.does(assign("cnv_1", Some(who(2))));
    scene.does(moves("cnv_1", Progress::Archived));
    scene.does(block(2));
    scene.asks("reopen for chi", {
        Command::UpdateConversation(UpdateConversation {
            conversation: "cnv_1".into(),
            assignee: Some(Some(who(3))),
            progress: Some(Progress::Open),
            precondition: Precondition::None,
        })
    });
    insta::assert_snapshot!(scene.transcript);
}
