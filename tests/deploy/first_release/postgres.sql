CREATE TABLE public.audit (
    seq bigint NOT NULL,
    at bigint NOT NULL,
    event text NOT NULL,
    reason_code text,
    code text,
    person_id bigint,
    person_name text,
    chat_id bigint,
    operation text,
    target text,
    company text,
    state text,
    detail text,
    trace text,
    prev text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE public.changes (
    code text NOT NULL,
    state text NOT NULL,
    verb text NOT NULL,
    target text,
    vendor text NOT NULL,
    risk text NOT NULL,
    plan text NOT NULL,
    hash text NOT NULL,
    policy text NOT NULL,
    target_key text NOT NULL,
    company text,
    card text NOT NULL,
    undo text NOT NULL,
    undo_of text,
    reason text,
    ticket text,
    requester_id bigint NOT NULL,
    requester_name text NOT NULL,
    origin_chat bigint NOT NULL,
    origin_thread bigint,
    origin_message bigint,
    chat_id bigint NOT NULL,
    thread_id bigint,
    handle text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    decided_at bigint,
    decider_id bigint,
    decider_name text,
    decision_reason text,
    claimed_by text,
    claimed_until bigint DEFAULT 0 NOT NULL,
    sent_at bigint,
    receipt text,
    evidence text,
    after_state text,
    finished_at bigint,
    next_check_at bigint,
    checks integer DEFAULT 0 NOT NULL,
    trace text
);
CREATE TABLE public.freezes (
    target text NOT NULL,
    reason text NOT NULL,
    holder_id bigint NOT NULL,
    holder_name text NOT NULL,
    created_at bigint NOT NULL,
    ends_at bigint
);
CREATE TABLE public.inbox (
    update_id bigint NOT NULL,
    lane text NOT NULL,
    body text NOT NULL,
    received_at bigint NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    claimed_by text,
    claimed_until bigint DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    finished_at bigint
);
CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);
CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.leases (
    name text NOT NULL,
    holder text NOT NULL,
    until bigint NOT NULL
);
CREATE TABLE public.memory (
    key text NOT NULL,
    value text NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE public.messages (
    key text NOT NULL,
    chat_id bigint NOT NULL,
    thread_id bigint,
    reply_to bigint,
    receiver_id bigint,
    callback_query_id text,
    reply text NOT NULL,
    version integer NOT NULL,
    sent_version integer DEFAULT 0 NOT NULL,
    message_id bigint,
    ephemeral_id bigint,
    format text,
    priority integer NOT NULL,
    silent integer DEFAULT 0 NOT NULL,
    file_sent text,
    not_before bigint DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    state text NOT NULL,
    claimed_by text,
    claimed_until bigint DEFAULT 0 NOT NULL,
    created_at bigint NOT NULL,
    trace text
);
CREATE TABLE public.prompts (
    handle text NOT NULL,
    kind text NOT NULL,
    person_id bigint,
    chat_id bigint NOT NULL,
    body text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint
);
CREATE TABLE public.secret_entries (
    request text NOT NULL,
    field text NOT NULL,
    token_hash text NOT NULL,
    person_id bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    sealed text,
    used_at bigint
);
INSERT INTO public.audit VALUES (1, 1795307553271, 'asked', NULL, 'BP2MF', 101, 'Ana', -1001, 'enable ec2', 'ec2:55115935b1a43dcc4a7b77fe', '55115935b1a43dcc4a7b77fe', 'pending', '{"hash":"9d2c9a4bb8035fef24e1d0beb9e09c3b2a86058cc997ccb0d1ec4840ec0b5016","reason":null,"ticket":null,"undo_of":null}', '5QJ3SBM', '0000000000000000000000000000000000000000000000000000000000000000', 'b319b1dbf756261e918b6f3772c90d4d405b1ddb808528ef08eb16a857ed22ff');
INSERT INTO public.audit VALUES (2, 1795307553303, 'approve', NULL, 'BP2MF', 102, 'Ben', -1001, 'enable ec2', 'ec2:55115935b1a43dcc4a7b77fe', '55115935b1a43dcc4a7b77fe', 'approved', NULL, '5QJ3SBM', 'b319b1dbf756261e918b6f3772c90d4d405b1ddb808528ef08eb16a857ed22ff', '90a4517d1a79b5b8ffa02b8c1eff8c88040220c07b3eacd5971a139d76dd6d28');
INSERT INTO public.audit VALUES (3, 1795307553318, 'claim', NULL, 'BP2MF', NULL, NULL, NULL, 'enable ec2', 'ec2:55115935b1a43dcc4a7b77fe', '55115935b1a43dcc4a7b77fe', 'executing', NULL, '5QJ3SBM', '90a4517d1a79b5b8ffa02b8c1eff8c88040220c07b3eacd5971a139d76dd6d28', '33ed375243f9151d54a4f9eb6fea5cb11a8dc37309b4af52af44396cff150951');
INSERT INTO public.audit VALUES (4, 1795307553338, 'send', NULL, 'BP2MF', NULL, NULL, NULL, 'enable ec2', 'ec2:55115935b1a43dcc4a7b77fe', '55115935b1a43dcc4a7b77fe', 'executing', '9d2c9a4bb8035fef24e1d0beb9e09c3b2a86058cc997ccb0d1ec4840ec0b5016', '5QJ3SBM', '33ed375243f9151d54a4f9eb6fea5cb11a8dc37309b4af52af44396cff150951', '4a8466c06193d71014087381f03531a31029f172bb393682a232674a2348571f');
INSERT INTO public.audit VALUES (5, 1795307553354, 'apply', NULL, 'BP2MF', NULL, NULL, NULL, 'enable ec2', 'ec2:55115935b1a43dcc4a7b77fe', '55115935b1a43dcc4a7b77fe', 'applied', '[{"data":"Acme Labs"}," is now listed for AWS account ",{"code":"999888777666"}]', '5QJ3SBM', '4a8466c06193d71014087381f03531a31029f172bb393682a232674a2348571f', '32e1b2cc5ae33af0968e199147e89b62a4ba59f8fc7cdf6935406e01d4e42b37');
INSERT INTO public.audit VALUES (6, 1795307553387, 'asked', NULL, 'YU9QP', 101, 'Ana', -1001, 'disable ec2', 'ec2:5a7f21c4b1a43d1f107b0b02', '5a7f21c4b1a43d1f107b0b02', 'pending', '{"hash":"b056db0b2c83079a7ae784787a6e1a4cbfcb36a9fcc13feceb6d45df264d13a0","reason":"off-boarding","ticket":null,"undo_of":null}', 'ETT52EJ', '32e1b2cc5ae33af0968e199147e89b62a4ba59f8fc7cdf6935406e01d4e42b37', 'd9f7bdf94624356814fec8da951f909d07cc2fab7d836b9c09b3da63d34da0b3');
INSERT INTO public.audit VALUES (7, 1795307553408, 'reject', NULL, 'YU9QP', 102, 'Ben', -1001, 'disable ec2', 'ec2:5a7f21c4b1a43d1f107b0b02', '5a7f21c4b1a43d1f107b0b02', 'rejected', NULL, 'ETT52EJ', 'd9f7bdf94624356814fec8da951f909d07cc2fab7d836b9c09b3da63d34da0b3', '4df44614eec238a83925b6d861fb21e6570e95dac83f43a8ec38aecd79d768c8');
INSERT INTO public.audit VALUES (8, 1795307553435, 'asked', NULL, 'Y8D8U', 102, 'Ben', -1001, 'disable ec2', 'ec2:55115935b1a43dcc4a7b23c6', '55115935b1a43dcc4a7b23c6', 'pending', '{"hash":"bc9b337e14a980b81b197942406d26c4b9a8dee500fc10c453cb2f307c403d3a","reason":"off-boarding","ticket":null,"undo_of":null}', 'UWV294J', '4df44614eec238a83925b6d861fb21e6570e95dac83f43a8ec38aecd79d768c8', '3c0581e179ecb54d5901a03b409fed190409c449dba5e836e3904594af7cf9b8');
INSERT INTO public.audit VALUES (9, 1795307553476, 'secret_asked', NULL, NULL, 101, 'Ana', -1001, 'enable ec2', NULL, NULL, NULL, 'secret', 'ACNFMPG', '3c0581e179ecb54d5901a03b409fed190409c449dba5e836e3904594af7cf9b8', '7c11aa9a148876a5fe4efd00a9f29447fb064eae2e8bb520ca9dbefe708263e4');
INSERT INTO public.audit VALUES (10, 1795307553494, 'frozen', NULL, NULL, 102, 'Ben', -1001, NULL, 'opsramp', NULL, NULL, 'incident 4711', 'QSH6C44', '7c11aa9a148876a5fe4efd00a9f29447fb064eae2e8bb520ca9dbefe708263e4', 'a1fb59107ed311ab69ebe87cc1be391e6ea1909461934fa094382c122b0e772c');
INSERT INTO public.changes VALUES ('BP2MF', 'applied', 'enable', 'ec2', 'bitdefender', 'write', '{"input":{"company":"55115935b1a43dcc4a7b77fe","role":"arn:aws:iam::999888777666:role/gravityzone"},"target":{"key":"ec2:55115935b1a43dcc4a7b77fe","id":"55115935b1a43dcc4a7b77fe","name":"Acme Labs","company":"55115935b1a43dcc4a7b77fe"},"before":{"company":"Acme Labs","externalId":"91cc02e7a30a2db85dd6046d6d5fg007","role":null,"account":null,"listed":{"999888777666":false}},"after":{"role":"arn:aws:iam::999888777666:role/gravityzone","account":"999888777666","listed":true},"lookAlikes":[]}', '9d2c9a4bb8035fef24e1d0beb9e09c3b2a86058cc997ccb0d1ec4840ec0b5016', 'e9a2893882f0b2883a8da256566025accba63a0e46ab1d93e1733336acb9e2e7', 'ec2:55115935b1a43dcc4a7b77fe', '55115935b1a43dcc4a7b77fe', '{"title":["Enable the EC2 integration of ",{"data":"Acme Labs"}],"done":["the EC2 integration of ",{"data":"Acme Labs"}," is enabled"],"rows":[{"label":"Integration","now":"not known to this bot","after":{"code":"arn:aws:iam::999888777666:role/gravityzone"}},{"label":"AWS account","now":"not known","after":{"code":"999888777666"}},{"label":"External ID","now":{"code":"91cc02e7a30a2db85dd6046d6d5fg007"},"after":"kept"}],"breaks":[],"sends":{"method":"configureAmazonEC2IntegrationUsingCrossAccountRole","params":{"companyId":"55115935b1a43dcc4a7b77fe","crossAccountRoleArn":"arn:aws:iam::999888777666:role/gravityzone"}},"warnings":[]}', '{"possible":true,"how":"by disabling it","verb":"disable","target":"ec2","input":{"company":"55115935b1a43dcc4a7b77fe"}}', NULL, NULL, NULL, 101, 'Ana', -1001, NULL, 1, -1001, NULL, 'bvhTtMZ47NhJJxee', 1795307553259, 1795308453259, 1795307553301, 102, 'Ben', NULL, NULL, 0, 1795307553336, NULL, '[{"data":"Acme Labs"}," is now listed for AWS account ",{"code":"999888777666"}]', '{"company":"Acme Labs","externalId":"91cc02e7a30a2db85dd6046d6d5fg007","role":"arn:aws:iam::999888777666:role/gravityzone","account":"999888777666","listed":{"999888777666":true}}', 1795307553349, NULL, 1, '5QJ3SBM');
INSERT INTO public.changes VALUES ('YU9QP', 'rejected', 'disable', 'ec2', 'bitdefender', 'danger', '{"input":{"company":"5a7f21c4b1a43d1f107b0b02"},"target":{"key":"ec2:5a7f21c4b1a43d1f107b0b02","id":"5a7f21c4b1a43d1f107b0b02","name":"Globex","company":"5a7f21c4b1a43d1f107b0b02"},"before":{"company":"Globex","externalId":"7b21c0d9a30a2db85dd6046d6d5fg421","role":null,"account":null,"listed":{}},"after":{"disabled":true},"lookAlikes":[]}', 'b056db0b2c83079a7ae784787a6e1a4cbfcb36a9fcc13feceb6d45df264d13a0', 'e9a2893882f0b2883a8da256566025accba63a0e46ab1d93e1733336acb9e2e7', 'ec2:5a7f21c4b1a43d1f107b0b02', '5a7f21c4b1a43d1f107b0b02', '{"title":["Disable the EC2 integration of ",{"data":"Globex"}],"done":["the EC2 integration of ",{"data":"Globex"}," is disabled"],"rows":[{"label":"Integration","now":"not known to this bot","after":"disabled"},{"label":"External ID","now":{"code":"7b21c0d9a30a2db85dd6046d6d5fg421"},"after":"kept"}],"breaks":[["EC2 instances of ",{"data":"Globex"}," are no longer imported."]],"sends":{"method":"disableAmazonEC2Integration","params":{"companyId":"5a7f21c4b1a43d1f107b0b02"}},"warnings":[]}', '{"possible":false,"why":"this bot has not recorded the role, and GravityZone does not tell it"}', NULL, 'off-boarding', NULL, 101, 'Ana', -1001, NULL, 3, -1001, NULL, 'CitW0kH7WKAlq-z3', 1795307553382, 1795308453382, 1795307553404, 102, 'Ben', NULL, NULL, 0, NULL, NULL, NULL, NULL, 1795307553404, NULL, 0, 'ETT52EJ');
INSERT INTO public.changes VALUES ('Y8D8U', 'pending', 'disable', 'ec2', 'bitdefender', 'danger', '{"input":{"company":"55115935b1a43dcc4a7b23c6"},"target":{"key":"ec2:55115935b1a43dcc4a7b23c6","id":"55115935b1a43dcc4a7b23c6","name":"Acme Corp","company":"55115935b1a43dcc4a7b23c6"},"before":{"company":"Acme Corp","externalId":"5e93f474a30a2db85dd6046d6d5fg188","role":null,"account":null,"listed":{}},"after":{"disabled":true},"lookAlikes":["Acme Corporation"]}', 'bc9b337e14a980b81b197942406d26c4b9a8dee500fc10c453cb2f307c403d3a', 'e9a2893882f0b2883a8da256566025accba63a0e46ab1d93e1733336acb9e2e7', 'ec2:55115935b1a43dcc4a7b23c6', '55115935b1a43dcc4a7b23c6', '{"title":["Disable the EC2 integration of ",{"data":"Acme Corp"}],"done":["the EC2 integration of ",{"data":"Acme Corp"}," is disabled"],"rows":[{"label":"Integration","now":"not known to this bot","after":"disabled"},{"label":"External ID","now":{"code":"5e93f474a30a2db85dd6046d6d5fg188"},"after":"kept"}],"breaks":[["EC2 instances of ",{"data":"Acme Corp"}," are no longer imported."]],"sends":{"method":"disableAmazonEC2Integration","params":{"companyId":"55115935b1a43dcc4a7b23c6"}},"warnings":[["Not to be confused with ",{"data":"Acme Corporation"}]]}', '{"possible":false,"why":"this bot has not recorded the role, and GravityZone does not tell it"}', NULL, 'off-boarding', NULL, 102, 'Ben', -1001, NULL, 5, -1001, NULL, 'gtluc-aEiH3Ofpe8', 1795307553431, 1795308453431, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 'UWV294J');
INSERT INTO public.freezes VALUES ('opsramp', 'incident 4711', 102, 'Ben', 1795307553485, NULL);
INSERT INTO public.inbox VALUES (700000001, 'chat:-1001', '{"update_id":700000001,"message":{"message_id":1,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":101,"is_bot":false,"first_name":"Ana"},"text":"/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone","entities":[{"type":"bot_command","offset":0,"length":7}]}}', 1795307553201, 'done', NULL, 1795307563204, 1, 1795307553267);
INSERT INTO public.inbox VALUES (700000004, 'press:-1001', '{"update_id":700000004,"callback_query":{"id":"4000000000002","from":{"id":102,"is_bot":false,"first_name":"Ben"},"message":{"message_id":4,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":123456,"is_bot":true,"first_name":"Countersign","username":"countersign_bot"},"reply_to_message":{"message_id":3,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":101,"is_bot":false,"first_name":"Ana"},"text":"/disable ec2 Globex reason=off-boarding","entities":[{"type":"bot_command","offset":0,"length":8}]},"rich_message":{"blocks":[{"type":"paragraph","text":{"type":"bold","text":"⚠️ Disable the EC2 integration of Globex? · danger"}},{"type":"paragraph","text":{"type":"code","text":"5a7f21c4b1a43d1f107b0b02"}},{"type":"table","cells":[[{"is_header":true,"align":"left","valign":"top"},{"text":"now","is_header":true,"align":"left","valign":"top"},{"text":"after","is_header":true,"align":"left","valign":"top"}],[{"text":"Integration","align":"left","valign":"top"},{"text":"not known to this bot","align":"left","valign":"top"},{"text":"disabled","align":"left","valign":"top"}],[{"text":"External ID","align":"left","valign":"top"},{"text":{"type":"code","text":"7b21c0d9a30a2db85dd6046d6d5fg421"},"align":"left","valign":"top"},{"text":"kept","align":"left","valign":"top"}]],"is_compact":true},{"type":"table","cells":[[{"text":"Breaks","is_header":true,"align":"left","valign":"top"},{"text":"EC2 instances of Globex are no longer imported.","align":"left","valign":"top"}],[{"text":"Undo","is_header":true,"align":"left","valign":"top"},{"text":"no: this bot has not recorded the role, and GravityZone does not tell it","align":"left","valign":"top"}],[{"text":"Why","is_header":true,"align":"left","valign":"top"},{"text":"“off-boarding” · asked by Ana (…101)","align":"left","valign":"top"}],[{"text":"Needs","is_header":true,"align":"left","valign":"top"},{"text":["one approver other than Ana: Ben · until ",{"type":"date_time","text":"2026-11-22 00:47 UTC","unix_time":1795308453,"date_time_format":"t"}," (",{"type":"date_time","text":"2026-11-22 00:47 UTC","unix_time":1795308453,"date_time_format":"r"},")"],"align":"left","valign":"top"}]],"is_compact":true},{"type":"details","summary":"what will be sent","blocks":[{"type":"pre","text":"{\n \"method\": \"disableAmazonEC2Integration\",\n \"params\": {\n  \"companyId\": \"5a7f21c4b1a43d1f107b0b02\"\n }\n}"}]},{"type":"footer","text":["change ",{"type":"code","text":"YU9QP"}]}]},"reply_markup":{"inline_keyboard":[[{"text":"Approve","style":"success","callback_data":"a:CitW0kH7WKAlq-z3"},{"text":"Reject","style":"danger","callback_data":"r:CitW0kH7WKAlq-z3"}]]}},"chat_instance":"-7926919","data":"r:CitW0kH7WKAlq-z3"}}', 1795307553394, 'done', NULL, 1795307563395, 1, 1795307553412);
INSERT INTO public.inbox VALUES (700000002, 'press:-1001', '{"update_id":700000002,"callback_query":{"id":"4000000000001","from":{"id":102,"is_bot":false,"first_name":"Ben"},"message":{"message_id":2,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":123456,"is_bot":true,"first_name":"Countersign","username":"countersign_bot"},"reply_to_message":{"message_id":1,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":101,"is_bot":false,"first_name":"Ana"},"text":"/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone","entities":[{"type":"bot_command","offset":0,"length":7}]},"rich_message":{"blocks":[{"type":"paragraph","text":{"type":"bold","text":"🟡 Enable the EC2 integration of Acme Labs?"}},{"type":"paragraph","text":{"type":"code","text":"55115935b1a43dcc4a7b77fe"}},{"type":"table","cells":[[{"is_header":true,"align":"left","valign":"top"},{"text":"now","is_header":true,"align":"left","valign":"top"},{"text":"after","is_header":true,"align":"left","valign":"top"}],[{"text":"Integration","align":"left","valign":"top"},{"text":"not known to this bot","align":"left","valign":"top"},{"text":{"type":"code","text":"arn:aws:iam::999888777666:role/gravityzone"},"align":"left","valign":"top"}],[{"text":"AWS account","align":"left","valign":"top"},{"text":"not known","align":"left","valign":"top"},{"text":{"type":"code","text":"999888777666"},"align":"left","valign":"top"}],[{"text":"External ID","align":"left","valign":"top"},{"text":{"type":"code","text":"91cc02e7a30a2db85dd6046d6d5fg007"},"align":"left","valign":"top"},{"text":"kept","align":"left","valign":"top"}]],"is_compact":true},{"type":"table","cells":[[{"text":"Breaks","is_header":true,"align":"left","valign":"top"},{"text":"nothing","align":"left","valign":"top"}],[{"text":"Undo","is_header":true,"align":"left","valign":"top"},{"text":"yes, by disabling it","align":"left","valign":"top"}],[{"text":"Why","is_header":true,"align":"left","valign":"top"},{"text":"no reason given · asked by Ana (…101)","align":"left","valign":"top"}],[{"text":"Needs","is_header":true,"align":"left","valign":"top"},{"text":["one approver other than Ana · until ",{"type":"date_time","text":"2026-11-22 00:47 UTC","unix_time":1795308453,"date_time_format":"t"}," (",{"type":"date_time","text":"2026-11-22 00:47 UTC","unix_time":1795308453,"date_time_format":"r"},")"],"align":"left","valign":"top"}]],"is_compact":true},{"type":"details","summary":"what will be sent","blocks":[{"type":"pre","text":"{\n \"method\": \"configureAmazonEC2IntegrationUsingCrossAccountRole\",\n \"params\": {\n  \"companyId\": \"55115935b1a43dcc4a7b77fe\",\n  \"crossAccountRoleArn\": \"arn:aws:iam::999888777666:role/gravityzone\"\n }\n}"}]},{"type":"footer","text":["change ",{"type":"code","text":"BP2MF"}]}]},"reply_markup":{"inline_keyboard":[[{"text":"Approve","style":"success","callback_data":"a:bvhTtMZ47NhJJxee"},{"text":"Reject","style":"danger","callback_data":"r:bvhTtMZ47NhJJxee"}]]}},"chat_instance":"-7926919","data":"a:bvhTtMZ47NhJJxee"}}', 1795307553288, 'done', NULL, 1795307563291, 1, 1795307553313);
INSERT INTO public.inbox VALUES (700000003, 'chat:-1001', '{"update_id":700000003,"message":{"message_id":3,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":101,"is_bot":false,"first_name":"Ana"},"text":"/disable ec2 Globex reason=off-boarding","entities":[{"type":"bot_command","offset":0,"length":8}]}}', 1795307553368, 'done', NULL, 1795307563371, 1, 1795307553386);
INSERT INTO public.inbox VALUES (700000005, 'chat:-1001', '{"update_id":700000005,"message":{"message_id":5,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":102,"is_bot":false,"first_name":"Ben"},"text":"/disable ec2 Acme Corp reason=off-boarding","entities":[{"type":"bot_command","offset":0,"length":8}]}}', 1795307553417, 'done', NULL, 1795307563419, 1, 1795307553434);
INSERT INTO public.inbox VALUES (700000006, 'chat:-1001', '{"update_id":700000006,"message":{"message_id":7,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":101,"is_bot":false,"first_name":"Ana"},"text":"/enable ec2 Acme Labs key=AKIAIOSFODNN7EXAMPLE secret=?","entities":[{"type":"bot_command","offset":0,"length":7}]}}', 1795307553445, 'done', NULL, 1795307563448, 1, 1795307553471);
INSERT INTO public.inbox VALUES (700000007, 'chat:-1001', '{"update_id":700000007,"message":{"message_id":8,"date":1795307553,"chat":{"id":-1001,"type":"group","title":"On-call"},"from":{"id":102,"is_bot":false,"first_name":"Ben"},"text":"/freeze opsramp incident 4711","entities":[{"type":"bot_command","offset":0,"length":7}]}}', 1795307553470, 'done', NULL, 1795307563479, 1, 1795307553491);
INSERT INTO public.kysely_migration VALUES ('0001_first', '2026-11-22T00:32:33.140Z');
INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);
INSERT INTO public.leases VALUES ('prune', '62444793-7aa9-4a8f-9f89-488afd204bfa', 1795308153177);
INSERT INTO public.memory VALUES ('person:101', 'Ana', 1795307553222);
INSERT INTO public.memory VALUES ('person:102', 'Ben', 1795307553297);
INSERT INTO public.memory VALUES ('ec2:55115935b1a43dcc4a7b77fe:role', 'arn:aws:iam::999888777666:role/gravityzone', 1795307553350);
INSERT INTO public.memory VALUES ('ec2:55115935b1a43dcc4a7b77fe:account', '999888777666', 1795307553350);
INSERT INTO public.messages VALUES ('outcome:BP2MF', -1001, NULL, 1, 101, NULL, '{"mark":"applied","title":["Applied: ","the EC2 integration of ",{"data":"Acme Labs"}," is enabled"],"footer":["/change ",{"code":"BP2MF"}],"personal":true}', 1, 1, NULL, 1, 'rich', 1, 0, NULL, 0, 0, 'idle', NULL, 0, 1795307553352, '5QJ3SBM');
INSERT INTO public.messages VALUES ('card:BP2MF', -1001, NULL, 1, NULL, NULL, '{"mark":"applied","title":["Applied: ","the EC2 integration of ",{"data":"Acme Labs"}," is enabled"],"blocks":[{"kind":"text","text":[{"data":"Acme Labs"}," is now listed for AWS account ",{"code":"999888777666"}]},{"kind":"text","text":[{"data":"Ana","max":40}," asked ",{"time":1795307553259,"as":"clock"}," · ",{"data":"Ben","max":40}," ","approved ",{"time":1795307553301,"as":"clock"},""," · done in 0.1 s"]},{"kind":"details","summary":"what was asked","blocks":[{"kind":"table","header":["","now","after"],"rows":[["Integration","not known to this bot",{"code":"arn:aws:iam::999888777666:role/gravityzone"}],["AWS account","not known",{"code":"999888777666"}],["External ID",{"code":"91cc02e7a30a2db85dd6046d6d5fg007"},"kept"]]},{"kind":"facts","facts":[["Why",["no reason given",""," · asked by ",{"data":"Ana","max":40}," (…101)",""]]]},{"kind":"pre","text":"{\n \"method\": \"configureAmazonEC2IntegrationUsingCrossAccountRole\",\n \"params\": {\n  \"companyId\": \"55115935b1a43dcc4a7b77fe\",\n  \"crossAccountRoleArn\": \"arn:aws:iam::999888777666:role/gravityzone\"\n }\n}"}]}],"buttons":[[{"label":"Approved by Ben","action":{"dead":true}},{"label":"Undo","action":{"handle":"bvhTtMZ47NhJJxee","do":"undo"}}]],"footer":["change ",{"code":"BP2MF"}]}', 3, 3, 2, NULL, 'rich', 0, 0, NULL, 0, 0, 'idle', NULL, 0, 1795307553266, '5QJ3SBM');
INSERT INTO public.messages VALUES ('update:700000006', -1001, NULL, 7, 101, NULL, '{"mark":"working","title":"Waiting for secret","blocks":[{"kind":"text","text":["You were sent a private link to enter it, good until ",{"time":1795308153463,"as":"clock"},"."]}],"personal":true}', 1, 1, NULL, 2, 'rich', 2, 0, NULL, 0, 0, 'idle', NULL, 0, 1795307553470, 'ACNFMPG');
INSERT INTO public.messages VALUES ('update:700000007', -1001, NULL, 8, NULL, NULL, '{"mark":"refused","title":["Frozen: ","opsramp"," by ",{"data":"Ben","max":40}," (…102)",": ",{"data":"incident 4711","max":120}," · until lifted"],"blocks":[{"kind":"text","text":"No change runs until it is lifted; reads go on."}],"footer":{"code":"/unfreeze opsramp"}}', 1, 1, 9, NULL, 'rich', 2, 0, NULL, 0, 0, 'idle', NULL, 0, 1795307553490, 'QSH6C44');
INSERT INTO public.messages VALUES ('card:YU9QP', -1001, NULL, 3, NULL, NULL, '{"mark":"refused","title":["Rejected: ","Disable the EC2 integration of ",{"data":"Globex"}],"blocks":[{"kind":"text","text":"Nothing was sent."},{"kind":"text","text":[{"data":"Ana","max":40}," asked ",{"time":1795307553382,"as":"clock"}," · ",{"data":"Ben","max":40}," ","rejected ",{"time":1795307553404,"as":"clock"},"",""]},{"kind":"details","summary":"what was asked","blocks":[{"kind":"table","header":["","now","after"],"rows":[["Integration","not known to this bot","disabled"],["External ID",{"code":"7b21c0d9a30a2db85dd6046d6d5fg421"},"kept"]]},{"kind":"facts","facts":[["Why",["“",{"data":"off-boarding","max":200},"”",""," · asked by ",{"data":"Ana","max":40}," (…101)",""]]]},{"kind":"pre","text":"{\n \"method\": \"disableAmazonEC2Integration\",\n \"params\": {\n  \"companyId\": \"5a7f21c4b1a43d1f107b0b02\"\n }\n}"}]}],"buttons":[[{"label":"Rejected by Ben","action":{"dead":true}}]],"footer":["change ",{"code":"YU9QP"}]}', 2, 2, 4, NULL, 'rich', 0, 0, NULL, 0, 0, 'idle', NULL, 0, 1795307553385, 'ETT52EJ');
INSERT INTO public.messages VALUES ('card:Y8D8U', -1001, NULL, 5, NULL, NULL, '{"mark":"danger","title":["Disable the EC2 integration of ",{"data":"Acme Corp"},"?"],"blocks":[{"kind":"text","text":["⚠️ ",{"bold":["Not to be confused with ",{"data":"Acme Corporation"}]}]},{"kind":"text","text":{"code":"55115935b1a43dcc4a7b23c6"}},{"kind":"table","header":["","now","after"],"rows":[["Integration","not known to this bot","disabled"],["External ID",{"code":"5e93f474a30a2db85dd6046d6d5fg188"},"kept"]]},{"kind":"facts","facts":[["Breaks",["EC2 instances of ",{"data":"Acme Corp"}," are no longer imported."]],["Undo",["no: ","this bot has not recorded the role, and GravityZone does not tell it"]],["Why",["“",{"data":"off-boarding","max":200},"”",""," · asked by ",{"data":"Ben","max":40}," (…102)",""]],["Needs",["one approver other than ",{"data":"Ben","max":40},": ",{"data":"Ana","max":80}," · until ",{"time":1795308453431,"as":"clock"}," (",{"time":1795308453431,"as":"relative"},")"]]]},{"kind":"details","summary":"what will be sent","blocks":[{"kind":"pre","text":"{\n \"method\": \"disableAmazonEC2Integration\",\n \"params\": {\n  \"companyId\": \"55115935b1a43dcc4a7b23c6\"\n }\n}"}]}],"buttons":[[{"label":"Approve","style":"success","action":{"handle":"gtluc-aEiH3Ofpe8","do":"approve"}},{"label":"Reject","style":"danger","action":{"handle":"gtluc-aEiH3Ofpe8","do":"reject"}}]],"footer":["change ",{"code":"Y8D8U"}]}', 1, 1, 6, NULL, 'rich', 0, 0, NULL, 0, 0, 'idle', NULL, 0, 1795307553434, 'UWV294J');
INSERT INTO public.prompts VALUES ('1DFZsp0GQ6tBaVrQ', 'secret', 101, -1001, '{"invocation":{"verb":"enable","target":"ec2","input":{"key":"AKIAIOSFODNN7EXAMPLE","secret":"?","company":"Acme Labs"},"asked":["secret"],"handle":"1DFZsp0GQ6tBaVrQ"},"person":{"id":101,"name":"Ana"},"chat":{"id":-1001,"type":"group"},"messageId":7}', 1795307553464, 1795308213464, NULL);
INSERT INTO public.secret_entries VALUES ('1DFZsp0GQ6tBaVrQ', 'secret', 'b63c9c6f58b44f72f11134c7bf167950353642840222f7f0c84a9b472eeede2c', 101, 1795307553463, 1795308153463, NULL, NULL);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_handle_key UNIQUE (handle);
ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.freezes
    ADD CONSTRAINT freezes_pkey PRIMARY KEY (target);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (update_id);
ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.memory
    ADD CONSTRAINT memory_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.prompts
    ADD CONSTRAINT prompts_pkey PRIMARY KEY (handle);
ALTER TABLE ONLY public.secret_entries
    ADD CONSTRAINT secret_entries_key PRIMARY KEY (request, field);
CREATE INDEX audit_by_code ON public.audit USING btree (code);
CREATE INDEX audit_by_company ON public.audit USING btree (company, seq);
CREATE INDEX audit_by_person ON public.audit USING btree (person_id, seq);
CREATE INDEX changes_by_target ON public.changes USING btree (target_key, created_at);
CREATE UNIQUE INDEX changes_one_at_a_time ON public.changes USING btree (target_key) WHERE (state = 'executing'::text);
CREATE INDEX changes_open ON public.changes USING btree (state, created_at) WHERE (state = ANY (ARRAY['pending'::text, 'approved'::text, 'executing'::text, 'unknown'::text]));
CREATE INDEX inbox_finished ON public.inbox USING btree (finished_at) WHERE (state <> 'new'::text);
CREATE INDEX inbox_waiting ON public.inbox USING btree (lane, update_id) WHERE (state = 'new'::text);
CREATE INDEX messages_by_place ON public.messages USING btree (chat_id, message_id);
CREATE INDEX messages_due ON public.messages USING btree (priority, created_at) WHERE (state = 'due'::text);
CREATE INDEX messages_old ON public.messages USING btree (created_at);
CREATE INDEX prompts_old ON public.prompts USING btree (expires_at);
CREATE INDEX secret_entries_by_token ON public.secret_entries USING btree (token_hash);
