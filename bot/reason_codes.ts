/**
 * Why something was refused: one closed list, the same word in the audit, the log and the metrics. The sentence
 * tells the person what to do next; null means nothing is said at all (strangers learn nothing).
 */
export const reasons = {
  unknown_chat: null,
  unknown_person: null,
  channel_post: null,
  bot_sender: null,
  business_message: null,
  guest_message: null,
  automatic_forward: null,
  other_bot_command: null,
  unsupported_update: null,
  group_moved: "This group has a new id, which the bot does not know yet, so nothing was done.",
  anonymous_sender:
    "You write as an anonymous admin or as a channel, so nobody can tell who you are. Switch off “Remain anonymous” and send it again.",
  edited_message: "An edited message changes nothing. Send the command as a new message.",
  forwarded_message: "A forwarded message is not a command from you. Type it yourself.",
  via_bot: "That text was written by another bot. Type the command yourself.",
  quoted_forward: "That replies to a message of another chat. Type the command here.",
  offline_message: "A scheduled message may not ask for changes: nobody may be at the phone. Send it now.",
  not_operator:
    "You may read here but not ask for changes. Someone who runs the bot can add your id to OPERATORS.",
  not_approver: "You may not approve changes. Someone who runs the bot can add your id to APPROVERS.",
  no_rule_allows: "No rule of the policy lets you ask for this.",
  no_rule_names_you: "No rule of the policy names you among those who approve this.",
  nobody_approves: "The policy names nobody who could approve this besides you, so it was not asked for.",
  closed_hours: "The policy takes no approvals at this time.",
  no_change_named: "That is neither a change's code nor a command that changes something.",
  no_break_glass: "You are not among those who may set rules aside in an emergency.",
  emergency_already: "The rules of this change are set aside already. It needs one approver's vote.",
  nothing_to_review: "No emergency of this change waits to be looked into. /pending lists those that do.",
  own_emergency: "You set the rules aside yourself, so someone else has to look into it.",
  own_change: "You asked for this change, so someone else has to approve it.",
  own_outcome: "You asked for this change, so someone else has to say what became of it.",
  not_unknown: "Only a change whose outcome is unknown can be settled.",
  not_requester:
    "Only the person who asked for a change can withdraw it. Whoever may approve it can /reject it.",
  not_member: "You are no longer a member of the group, so this does nothing.",
  other_group: "This change belongs to another group. Only its members decide about it.",
  membership_unknown:
    "Telegram did not say whether you are a member of the group, so nothing was done. Try again in a minute.",
  foreign_button: "This button belongs to another message. Use the buttons under the change itself.",
  unknown_button: "This button is no longer known. Send the command again.",
  picker_over:
    "That choice is over: it was made, or ten minutes or another command of yours came in between. Send the command again.",
  not_for_you: "This choice was offered to someone else. Send the command yourself.",
  unknown_change: "There is no change with this code. /pending lists what is waiting.",
  voted_already: "You have approved this already. It waits for someone else.",
  nobody_to_pass_to: "There is nobody else of this name who may still approve it.",
  no_vote: "You have not approved this, so there is nothing to take back.",
  already_decided: "This change has been decided already.",
  expired: "This change waited too long and has expired. Ask for it again.",
  not_stoppable: "Only a change that is approved and has not begun can be stopped.",
  unusable_time: "That time cannot be used, so nothing was done.",
  not_lendable: "This change cannot be made for a time, so nothing was asked for.",
  too_late: "It could not begin within an hour of its time, so it was not run.",
  loan_over: "The time of this change is over, or this button is old.",
  frozen: "Changes are frozen.",
  held: "Someone keeps this target for themselves, so nobody else changes it now.",
  frozen_longer: "A freeze that lasts longer is in force, so this one was not set.",
  target_moved: "The target has changed since this was asked for, so nothing was done.",
  policy_changed: "The bot's rules have changed since this was approved, so nothing was done.",
  account_changed:
    "It was asked for with another account or address of this vendor, or before an update of the bot, so nothing was done.",
  rights_changed: "Someone who asked or approved no longer may, so nothing was done.",
  gave_up:
    "The bot was stopped each time it was at work on this, so it does not try again. Nothing was sent.",
  plan_altered: "The stored request is not the one that was approved, so nothing was done.",
  not_on_record:
    "The audit does not show that someone asked for it and someone else approved it, so nothing was done.",
  literal_secret: "That message held a secret.",
  document_unseen: "Nobody looked through that document, so it may hold a secret.",
  stale_message: "That was typed more than two minutes ago, so it was not carried out.",
  no_secret_key: "Secrets cannot be entered here: someone who runs the bot has to set SECRET_KEY.",
  no_form: "There is no form to fill in here: someone who runs the bot has to set PUBLIC_URL and SECRET_KEY.",
  needs_reason:
    'With these fields it is a dangerous change, so it needs a reason. Send it again with reason="…" at the end.',
  secret_missing:
    "The entered secret cannot be read any more: it was wiped, or SECRET_KEY has changed. Nothing was sent. Ask again and enter it again.",
  no_group: "There is no group among ADMIN_CHATS where a second person could approve.",
  card_refused: "The group refused the card, so nobody could approve it.",
  vendor_failed: "The vendor could not be asked whether the target is still the same, so nothing was sent.",
  vendor_not_set_up: "This vendor is not set up.",
  no_way_back: "This change cannot be undone.",
  undo_moved: "The target has changed since, so the way back would overwrite someone else's work.",
  alert_over: "This is over already, so there is nothing to ack or to mute.",
  already_acked: "Someone has acked this already: it says who.",
  malformed_command: "The command could not be read.",
} as const satisfies Record<string, string | null>;

export type ReasonCode = keyof typeof reasons;
