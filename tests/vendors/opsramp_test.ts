import { testConversation } from "./conversation.ts";
import { conversations } from "./opsramp.ts";

conversations.forEach(testConversation);
