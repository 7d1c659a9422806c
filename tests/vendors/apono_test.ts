import { conversations } from "./apono.ts";
import { testConversation } from "./conversation.ts";

conversations.forEach(testConversation);
