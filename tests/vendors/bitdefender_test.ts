import { conversations } from "./bitdefender.ts";
import { testConversation } from "./conversation.ts";

conversations.forEach(testConversation);
